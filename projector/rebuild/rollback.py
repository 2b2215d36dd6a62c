"""The story of a rollback: reopen or go on, catch up, add days up, promote."""

from domain.page_rules import PageRules
from projector.rebuild.listener import PromotionListener
from projector.rebuild.steps import Rebuild, check_under_way


async def rollback(rebuild: Rebuild, keep_ms: int, listener: PromotionListener) -> None:
    """The previous generation is live again; the one that was is kept for `keep_ms`.

    Raises `RebuildError` where there is none, or something else is under way.
    """
    info = await rebuild.under_way()
    if info is None:
        info = await rebuild.reopen("rollback")
    else:
        check_under_way(info, "rollback", PageRules(info.page_rules))
    await rebuild.catch_up(info.generation)
    await rebuild.roll_up(info.generation, listener)
    await rebuild.promote(info.generation, keep_ms)
    listener.live(info, keep_ms)
