"""Up to which moment each partition is folded, found and recorded beside its runner.

The order is all of it: first the database's clock, then the end of the log. What was confirmed
before that moment stands before that end, so a checkpoint that has come there holds all of it,
whoever has sent it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from domain.checkpoint import Checkpoint
from domain.errors import FootfallError
from domain.events import Partition
from domain.ports.fold import Watermarks
from domain.ports.log import LogReader
from projector.fold.standing import Mark, Standing
from projector.waiting import passed, unless_set

logger = logging.getLogger(__name__)

Standings = Callable[[], Mapping[Partition, Standing]]


class Completeness:
    """Asks where the partitions of a process end, one after the other.

    Rounds are `round_seconds` apart. Before each partition is asked for `pause_seconds` go by: a
    broker opens consumers for it, and a replica of it that is behind has that long to catch up. A
    flush that reaches a mark records it; where nothing arrives, that is done here, for all
    partitions at once, and so is what the generation as a whole comes to.
    """

    def __init__(
        self,
        reader: LogReader,
        watermarks: Watermarks,
        *,
        round_seconds: float,
        pause_seconds: float,
    ) -> None:
        self._reader = reader
        self._watermarks = watermarks
        self._round_seconds = round_seconds
        self._pause_seconds = pause_seconds

    async def run(self, standings: Standings, stop: asyncio.Event) -> None:
        """Until `stop`; what fails is tried again in the next round."""
        while not stop.is_set():
            try:
                await self._round(standings, stop)
            except FootfallError as error:
                # The partitions' own troubles say what does not answer.
                logger.debug("how complete the rows are is not known: %s", error)
            except Exception:
                # The fold goes on whatever happens here.
                logger.exception("how complete the rows are is not known")
            await passed(stop, self._round_seconds)

    async def _round(self, standings: Standings, stop: asyncio.Event) -> None:
        moment_ms = await self._watermarks.now_ms()
        for partition, standing in standings().items():
            # A mark that is not reached yet stays: a later one may never be, while views arrive
            # faster than they are folded.
            if standing.mark is not None:
                continue
            if await passed(stop, self._pause_seconds):
                return
            try:
                bounds = await unless_set(stop, self._reader.bounds(partition))
            except FootfallError as error:
                logger.debug("partition %d: its end is not known: %s", partition, error)
                continue
            if bounds is None:
                return
            standing.mark = Mark(moment_ms, bounds.end)
        await self._record(standings())

    async def _record(self, standings: Mapping[Partition, Standing]) -> None:
        """What is reached already, and no flush will say."""
        reached: list[tuple[Standing, Checkpoint, Mark]] = []
        for standing in standings.values():
            checkpoint = standing.checkpoint
            mark = standing.reached(checkpoint.next_offset) if checkpoint else None
            if checkpoint and mark:
                reached.append((standing, checkpoint, mark))
        if not standings:
            return
        await self._watermarks.record({found: mark.moment_ms for _, found, mark in reached})
        for standing, _, mark in reached:
            standing.recorded(mark)
