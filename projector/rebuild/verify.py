"""The story of a deep verify: the log is folded again beside, compared, and dropped."""

from domain.errors import RebuildError
from domain.generations import Diff
from domain.page_rules import PageRules
from projector.rebuild.listener import LoadListener
from projector.rebuild.replay import compare, load
from projector.rebuild.steps import Rebuild


async def verify(rebuild: Rebuild, listener: LoadListener) -> Diff:
    """By the live generation's own rules. Raises `RebuildError` where nothing can be compared."""
    await _make_room(rebuild)
    live = await rebuild.live()
    info = await rebuild.begin("verify", PageRules(live.page_rules), carry_over=None)
    await load(rebuild, info, listener)
    diff, left_out = await compare(rebuild, info, listener)
    await rebuild.drop(info.generation)
    if left_out and not (diff.old_rows or diff.new_rows):
        raise RebuildError("nothing could be compared: the log holds no hour whole")
    return diff


async def _make_room(rebuild: Rebuild) -> None:
    info = await rebuild.under_way()
    if info is None:
        return
    if info.purpose != "verify":
        raise RebuildError(
            f"generation {info.generation} is being built by footfall {info.purpose}: "
            "verify --deep needs that place, run it after"
        )
    # What an interrupted verify left may be of other rules or another time.
    await rebuild.drop(info.generation)
