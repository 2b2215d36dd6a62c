"""Group commit: requests that wait for the same partition share one batch and one confirm."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from domain.agents.keeping import Keeping, keeping_of
from domain.agents.viewers import LABEL
from domain.errors import LogUnavailable, Overloaded
from domain.events import Batch, PageViewed, Partition
from domain.hours import MAX_AHEAD_MS
from domain.ports.common import Clock
from domain.ports.log import LogWriter
from domain.receipts import Taken
from domain.wire import FORMAT, encode
from ingest.cutting import HEADER_BYTES, cut, size_of_one
from ingest.flights import Flights
from ingest.lanes import Lane
from ingest.parts import Many, One, Part, Slice
from ingest.viewers import NOBODY, NOTHING_BESIDE, Beside, Texts, with_tables

_CLOSE_SECONDS = 1.0


class Appender:
    """Appends events through one lane a partition.

    A lane has at most one batch under way. That makes the producer's sequence strict: number
    n + 1 is sent only after n was confirmed or all its requests were answered 503, so that what
    the fold remembers of a producer tells its repetitions. A `producer` that has another name
    begins anew.
    """

    def __init__(
        self,
        writer: LogWriter,
        *,
        clock: Clock,
        producer: Callable[[], str],
        draw_shard: Callable[[], int],
        linger_seconds: float,
        deadline_seconds: float,
        max_waiting_bytes: int = 32_000_000,
        keeping: Keeping | None = None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._producer = producer
        self._draw_shard = draw_shard
        self._deadline = deadline_seconds
        self._max_waiting_bytes = max_waiting_bytes
        self._keeping = keeping or keeping_of(LABEL)
        self._waiting_bytes = 0
        self._flights = Flights(linger_seconds)
        self._lanes: dict[Partition, Lane] = {}
        self._open: deque[One | Many] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def append(
        self,
        events: Mapping[Partition, Sequence[PageViewed]],
        texts: Texts = NOBODY,
        beside: Beside = NOTHING_BESIDE,
    ) -> Taken:
        """Return once the log has confirmed every event, with the `texts` of viewers and what is
        known `beside` them: what it has taken them as.

        Raises `Overloaded` at once, nothing appended, when too much waits already, and
        `LogUnavailable` when the deadline passes first; some or all of the events may then be
        in the log.
        """
        sources, new_pages = beside
        runs = [
            (p, run)
            for p, part in events.items()
            for run in cut(part, texts.get(p), sources.get(p), new_pages)
        ]
        size = sum(run.size for _, run in runs) + HEADER_BYTES * len(runs)
        self._hold(size)
        loop = asyncio.get_running_loop()
        now = loop.time()
        request = Many(loop.create_future(), now + self._deadline, len(runs))
        for partition, run in runs:
            self._lane(partition).add(Slice(request, run), now)
        self._expect(request)
        self._flights.came(now)
        try:
            return await request.done
        finally:
            self._waiting_bytes -= size
            self._flights.went(1)

    def append_one(
        self, partition: Partition, event: PageViewed, text: str | None = None
    ) -> asyncio.Future[Taken]:
        """As `append`, of one event and the text of its viewer: to be awaited, or cancelled.

        Raises `Overloaded` at once.
        """
        size = size_of_one(event, text)
        held = size + HEADER_BYTES
        self._hold(held)
        loop = asyncio.get_running_loop()
        now = loop.time()
        request = One(loop.create_future(), now + self._deadline, event, text, size, held)
        self._lane(partition).add(request, now)
        self._expect(request)
        self._flights.came(now)
        return request.done

    def _hold(self, size: int) -> None:
        if self._waiting_bytes and self._waiting_bytes + size > self._max_waiting_bytes:
            raise Overloaded("too many views are waiting for the log")
        self._waiting_bytes += size

    def _release(self, parts: Sequence[One | Many | Part]) -> None:
        """Of requests that do not wait any longer, once each."""
        requests = 0
        for part in parts:
            if part.held:
                self._waiting_bytes -= part.held
                part.held = 0
                requests += 1
        self._flights.went(requests)

    def _expect(self, request: One | Many) -> None:
        """The confirm, before the deadline."""
        waiting = self._open
        while waiting and waiting[0].done.done():
            waiting.popleft()
        waiting.append(request)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(request.deadline, self._expire)

    def _expire(self) -> None:
        # One timer for all: a request's deadline is never before that of an earlier one.
        loop = asyncio.get_running_loop()
        message = told = f"the log did not confirm within {self._deadline:g} s"
        if trouble := next(filter(None, (lane.trouble for lane in self._lanes.values())), None):
            message, told = f"{message}: {trouble}", f"{told}: {trouble.told}"
        while self._open and (self._open[0].done.done() or self._open[0].deadline <= loop.time()):
            request = self._open.popleft()
            request.fail(LogUnavailable(message, told=told))
            self._release([request])
        self._timer = loop.call_at(self._open[0].deadline, self._expire) if self._open else None

    async def close(self) -> None:
        """Wait for what is under way, then stop. Nothing may be appended after.

        What nobody waits for any more has `_CLOSE_SECONDS`: a log that is away may not hold up the
        end.
        """
        try:
            async with asyncio.timeout(self._longest()):
                while sending := self._sending():
                    await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            sending = self._sending()
            for lane in self._lanes.values():
                lane.break_off()
            for sent in sending:
                sent.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def _sending(self) -> set[asyncio.Future[None]]:
        """What is under way, and so is all that waits for no other."""
        self._flights.leave()
        return {lane.sent for lane in self._lanes.values() if lane.sent is not None}

    def _longest(self) -> float:
        # That of the last request; all before it are due earlier.
        waiting = [request.deadline for request in self._open if not request.done.done()]
        now = asyncio.get_running_loop().time()
        return max([0.0, *(deadline - now for deadline in waiting)]) + _CLOSE_SECONDS

    def _lane(self, partition: Partition) -> Lane:
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = Lane(
                partition,
                self._writer,
                self._flights,
                producer=self._producer,
                pack=self._pack,
                over=self._release,
            )
        return lane

    def _pack(self, producer: str, sequence: int, parts: Sequence[Part]) -> bytes:
        events = [event for part in parts for event in part.events]
        recorded_ms = max(self._clock(), _least_ms(events))
        batch = Batch(FORMAT, producer, sequence, recorded_ms, self._draw_shard(), events)
        if any(part.tabled for part in parts):
            batch = with_tables(batch, [part.run for part in parts], self._keeping)
        return encode(batch)


def _least_ms(events: Sequence[PageViewed]) -> int:
    """The first moment at which all of them could have been accepted.

    The clock may have been set back since; a view too far after its recording is not counted.
    """
    return max([event.at_ms for event in events]) - MAX_AHEAD_MS
