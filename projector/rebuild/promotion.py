"""A generation that has caught up becomes the live one."""

import asyncio

from domain.errors import Interrupted, LogUnavailable
from domain.events import Epoch, Generation
from domain.ports.log import LogReader
from domain.ports.rebuild import Generations, Promotion
from projector.fold.runner import Runner

_CATCH_UP_EVENTS = 100_000
_CATCH_UP_SECONDS = 4.0


async def promote(
    generations: Generations,
    log: LogReader,
    epoch: Epoch,
    generation: Generation,
    keep_ms: int,
    stop: asyncio.Event | None = None,
) -> None:
    """Make it live in one transaction, and the live one previous, kept for `keep_ms`.

    The little that it is behind is folded in it first: projectors that commit many times a second
    would else be faster each time. Raises `NotCaughtUp`, nothing changed, where that is more than
    a little.
    """
    stop = stop or asyncio.Event()
    async with generations.promoting(epoch, generation, keep_ms) as promotion:
        await _catch_up(promotion, log, epoch, generation, stop)
        if stop.is_set():
            raise Interrupted


async def _catch_up(
    promotion: Promotion, log: LogReader, epoch: Epoch, generation: Generation, stop: asyncio.Event
) -> None:
    """Fold what the live generation, which stands still now, is ahead."""
    runner = Runner(log, promotion.store, flush_seconds=60, batch_size=_CATCH_UP_EVENTS)
    try:
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            for partition, until in promotion.missing.items():
                await runner.run(partition, epoch, stop, generation=generation, until=until)
    except TimeoutError:
        message = "the log does not deliver what the live generation has folded already"
        raise LogUnavailable(message) from None
