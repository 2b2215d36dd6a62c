"""Where the partitions of the log begin and end, for a page that asks all the time."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from domain.checkpoint import Bounds
from domain.errors import FootfallError
from domain.events import Partition
from domain.ports.common import Clock
from domain.ports.log import LogReader
from read_api.stats.last_known import Silence

logger = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
"""So long an answer may take, whatever the log does."""
GIVE_UP_SECONDS = 10.0
"""Then it is asked anew."""
HOLD_SECONDS = 5.0
"""So long what was found is told again: a broker opens consumers for every question."""

_SILENT = f"the log: no answer within {WAIT_SECONDS:g} s"


class Ends(Struct, frozen=True):
    """What the log holds of each partition; of none where it does not answer, and why."""

    bounds: Mapping[Partition, Bounds]
    silence: Silence | None = None


class LogEnds:
    """One question at a time, however many ask. Nothing is opened before the first asks."""

    def __init__(self, reader: Callable[[], LogReader], clock: Clock) -> None:
        self._open = reader
        self._clock = clock
        self._reader: LogReader | None = None
        self._asking: asyncio.Task[None] | None = None
        self._began = self._until = 0.0
        self._began_ms = 0
        self._ends = Ends({})

    async def of(self, partitions: Collection[Partition]) -> Ends:
        """What the log says now, or said a moment ago."""
        loop = asyncio.get_running_loop()
        if self._asking is None or (self._asking.done() and loop.time() >= self._until):
            self._began, self._began_ms = loop.time(), self._clock()
            self._asking = asyncio.create_task(self._ask(partitions), name="ends of the log")
        rest = self._began + WAIT_SECONDS - loop.time()
        _, pending = await asyncio.wait([self._asking], timeout=max(rest, 0))
        if pending:
            self._silent(_SILENT)
        return self._ends

    async def close(self) -> None:
        """Ends the question that is asked, and the connection."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
        if self._reader is not None:
            await self._reader.close()

    async def _ask(self, partitions: Collection[Partition]) -> None:
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS):
                found = await self._bounds(partitions)
        except TimeoutError:
            self._silent(_SILENT)
        except FootfallError as error:
            self._silent(error.told)
        except Exception as error:
            logger.exception("the ends of the log could not be read")
            self._silent(f"the log could not be asked: {type(error).__name__}")
        else:
            self._ends = Ends(dict(zip(partitions, found, strict=True)))
        self._until = asyncio.get_running_loop().time() + HOLD_SECONDS

    async def _bounds(self, partitions: Collection[Partition]) -> Sequence[Bounds]:
        if self._reader is None:
            self._reader = self._open()
        asking = [asyncio.create_task(self._reader.bounds(each)) for each in partitions]
        try:
            return await asyncio.gather(*asking)
        finally:
            # Where one has failed nobody waits for the others.
            for each in asking:
                each.cancel()

    def _silent(self, reason: str) -> None:
        before = self._ends.silence
        self._ends = Ends({}, Silence(before.since_ms if before else self._began_ms, reason))
