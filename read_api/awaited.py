"""Views that an answer is to hold: `min-position` and `wait` of every question about views."""

import asyncio
import re
from typing import NamedTuple

from domain.errors import NotYet, Problem
from domain.ports.receipts import Receipts
from domain.receipts import OfNewer, Receipt, Unreadable, read_receipt

POSITION, WAIT = AWAITED = ("min-position", "wait")
"""The parameters."""
DEFAULT_SECONDS = 5.0
MAX_SECONDS = 10.0
# Between two looks: what is folded at once is waited for no longer than it takes, what takes long
# costs little.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_SECONDS = re.compile(r"[0-9]{1,2}(\.[0-9]{1,9})?", re.ASCII)


class Awaited(NamedTuple):
    """What has to be folded, within so many seconds."""

    receipt: Receipt
    seconds: float


def take_awaited(given: dict[str, str], problems: list[Problem]) -> Awaited | None:
    """Out of what is `given`: it is no part of the question. None where nothing is waited for."""
    position, wait = given.pop(POSITION, None), given.pop(WAIT, None)
    seconds = _seconds(wait, problems)
    if position is None:
        if wait is not None:
            detail = f"{WAIT} is how long to wait for {POSITION}: send both, or leave it out"
            problems.append(Problem(WAIT, detail))
        return None
    try:
        return Awaited(read_receipt(position), seconds)
    except OfNewer:
        why = "was given out by a newer Footfall than this one"
    except Unreadable:
        why = "cannot be read"
    detail = (
        f"{POSITION} {why}: send what the header Footfall-Position of a 202 said, as it is, or "
        "leave it out"
    )
    problems.append(Problem(POSITION, detail))
    return None


async def until_folded(receipts: Receipts, awaited: Awaited) -> None:
    """Raises `NotYet` where it is not within its time, `StoreUnavailable`.

    Nothing of the database is held between two looks.
    """
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + awaited.seconds, _FIRST_PAUSE
    while not await receipts.folded(awaited.receipt):
        rest = end - loop.time()
        if rest <= 0:
            raise not_yet(awaited)
        # All look at the same time, so that the database is asked once for many.
        await asyncio.sleep(min(pause - loop.time() % pause, rest))
        pause = min(2 * pause, _LONGEST_PAUSE)


def not_yet(awaited: Awaited) -> NotYet:
    """What is said when the time is over."""
    return NotYet(f"the views of {POSITION} are not counted within {awaited.seconds:g} s")


def _seconds(wait: str | None, problems: list[Problem]) -> float:
    if wait is None:
        return DEFAULT_SECONDS
    if _SECONDS.fullmatch(wait) and float(wait) <= MAX_SECONDS:
        return float(wait)
    detail = f"{WAIT} is no number of seconds from 0 to {MAX_SECONDS:g}, such as 2.5"
    problems.append(Problem(WAIT, detail))
    return DEFAULT_SECONDS
