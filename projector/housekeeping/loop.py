"""What is to be done again and again beside the fold."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from domain.errors import FootfallError, JobTaken
from projector.waiting import passed

logger = logging.getLogger(__name__)

Chore = Callable[[], Awaitable[object]]


async def keep_house(
    chores: Sequence[Chore], first_seconds: float, every_seconds: float, stop: asyncio.Event
) -> None:
    """All chores in turn, again and again until `stop`.

    Where one is done by another process, what comes after is left to that too. What goes wrong is
    logged and tried next time.
    """
    pause = first_seconds
    while not await passed(stop, pause):
        await _once(chores, stop)
        pause = every_seconds


async def _once(chores: Sequence[Chore], stop: asyncio.Event) -> None:
    try:
        for chore in chores:
            await chore()
            if stop.is_set():
                return
    except JobTaken:
        logger.debug("another process looks for what is past")
    except FootfallError as error:
        logger.warning("what is past stays until the next try: %s", error)
    except Exception:
        # Folding must go on whatever happens here.
        logger.exception("what is past stays until the next try")
