"""The story of a replay: begin or go on, load, catch up, compare, decide, promote, drop."""

from dataclasses import dataclass
from functools import partial

from domain.errors import FootfallError, Interrupted, RebuildError
from domain.generations import Diff, GenerationInfo
from domain.page_rules import PageRules
from projector.rebuild.listener import LoadListener, ReplayListener
from projector.rebuild.steps import Rebuild, check_under_way


@dataclass(frozen=True)
class Replay:
    """What is wanted: rows by which rules, and what may happen on the way to them.

    The generation that was live is kept for `keep_ms`, 0: it is dropped at once.
    """

    rules: PageRules
    carry_over: bool = False
    dry_run: bool = False
    accept_diff: bool = False
    keep_ms: int = 0


async def replay(rebuild: Rebuild, wanted: Replay, listener: ReplayListener) -> None:
    """To its end, from wherever it was. Raises `RebuildError` where nothing may be promoted."""
    info = await _begin_or_go_on(rebuild, wanted, listener)
    await load(rebuild, info, listener)
    diff, _ = await compare(rebuild, info, listener)
    if wanted.dry_run:
        await rebuild.drop(info.generation)
        listener.dropped_again(info)
        if diff.differs:
            raise RebuildError("counts differ")
        return
    if diff.differs and not wanted.accept_diff:
        raise RebuildError(
            "counts differ, nothing is promoted: run it again with --accept-diff, or --abandon"
        )
    await rebuild.roll_up(info.generation, listener)
    await rebuild.promote(info.generation, wanted.keep_ms)
    listener.live(info, wanted.keep_ms)
    if not wanted.keep_ms:
        await _drop_old(rebuild, diff, listener)


async def abandon(rebuild: Rebuild, listener: ReplayListener) -> None:
    """Give up what is under way, whichever command began it."""
    info = await rebuild.under_way()
    if info is None:
        listener.nothing_under_way()
        return
    await rebuild.give_up(info)
    listener.given_up(info)


async def load(rebuild: Rebuild, info: GenerationInfo, listener: LoadListener) -> None:
    """Load and catch up."""
    targets = await rebuild.targets()
    if info.state == "loading":
        async with listener.loading(partial(rebuild.progress, info.generation, targets)):
            await rebuild.load(info)
        listener.sorting()
        await rebuild.finish_loading(info)
    listener.catching_up()
    await rebuild.catch_up(info.generation)


async def compare(
    rebuild: Rebuild, info: GenerationInfo, listener: LoadListener
) -> tuple[Diff, int]:
    """Live against new, and how many hours that are kept were left out."""
    listener.comparing()
    diff = await rebuild.compare(info)
    left_out = await rebuild.hours_left_out(diff)
    listener.compared(diff, left_out)
    return diff, left_out


async def _begin_or_go_on(
    rebuild: Rebuild, wanted: Replay, listener: ReplayListener
) -> GenerationInfo:
    info = await rebuild.under_way()
    if info is None:
        info = await rebuild.begin("replay", wanted.rules, carry_over=wanted.carry_over)
        listener.building(info)
        return info
    check_under_way(info, "replay", wanted.rules)
    listener.going_on(info)
    return info


async def _drop_old(rebuild: Rebuild, diff: Diff, listener: ReplayListener) -> None:
    try:
        await rebuild.drop(diff.old)
    except Interrupted:
        raise
    except FootfallError as error:
        # A projector drops what is over too; whoever is second finds nothing left.
        listener.old_left(diff.old, error)
    else:
        listener.old_dropped(diff.old)
