"""How many may ask the database at once, and how long others wait for their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.errors import StoreUnavailable

# A report takes a millisecond or two: who waits longer meets a database that does not keep up.
MOST_WAITING = 500
WAIT_SECONDS = 2.0
_BUSY = "too much is asked of the database at once"


class Turns:
    """At most `places` at once; at most `waiting` others wait, so many `seconds` each."""

    def __init__(
        self, places: int, *, waiting: int = MOST_WAITING, seconds: float = WAIT_SECONDS
    ) -> None:
        self._places = asyncio.Semaphore(places)
        self._most_waiting = waiting
        self._waiting = 0
        self._seconds = seconds

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """A place, for the time of the block. Raises `StoreUnavailable` where there is none."""
        await self._take()
        try:
            yield
        finally:
            self._places.release()

    async def _take(self) -> None:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise StoreUnavailable(_BUSY)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise StoreUnavailable(_BUSY) from error
        finally:
            self._waiting -= 1
