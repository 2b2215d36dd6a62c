"""Clients that wait for their views: so many at once, and each as long as it is there."""

import asyncio
from contextlib import suppress

from litestar.types import Receive

from domain.errors import StoreUnavailable
from domain.ports.receipts import Receipts
from read_api.awaited import Awaited, not_yet, until_folded
from web.streaming import gone

MOST_WAITING = 500
"""Of a process. One that closes its connection counts until its time is over: it could as well be
about to read, and say nothing more."""
_BUSY = "too many clients wait for their views at once"


class Waiting:
    """Who waits holds no connection to the database; who asks without waiting pays nothing."""

    def __init__(self, receipts: Receipts, most: int = MOST_WAITING) -> None:
        self._receipts = receipts
        self._most = most
        self._waiting = 0

    async def until_folded(self, awaited: Awaited | None, receive: Receive) -> None:
        """Returns once it is, at once where nothing is `awaited`.

        Raises `NotYet` where it is not in time, or the connection is lost before, and
        `StoreUnavailable` where too many wait, too.
        """
        if awaited is None or await self._receipts.folded(awaited.receipt):
            return
        if not awaited.seconds:
            raise not_yet(awaited)
        if self._waiting >= self._most:
            raise StoreUnavailable(_BUSY)
        self._waiting += 1
        try:
            await self._unless_gone(awaited, receive)
        finally:
            self._waiting -= 1

    async def _unless_gone(self, awaited: Awaited, receive: Receive) -> None:
        waiting = asyncio.create_task(until_folded(self._receipts, awaited))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, leaving):
                task.cancel()
            await asyncio.wait({waiting, leaving})
        with suppress(asyncio.CancelledError):
            return waiting.result()
        # Nobody hears of it.
        raise not_yet(awaited)
