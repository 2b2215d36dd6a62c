"""Group commit: requests that wait for the same partition share one batch and one confirm."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import uniform
from typing import NamedTuple

from domain.agents.keeping import Keeping, keeping_of
from domain.agents.viewers import LABEL
from domain.backoff import Backoff
from domain.errors import LogUnavailable, Overloaded
from domain.events import Batch, PageViewed, Partition
from domain.hours import MAX_AHEAD_MS
from domain.ports.common import Clock
from domain.ports.log import LogWriter
from domain.receipts import Taken
from domain.wire import FORMAT, encode
from ingest.cutting import Room, Run, cut
from ingest.viewers import NOBODY, NOTHING_BESIDE, Beside, Texts, with_tables

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.05, last=1.0)
_CLOSE_SECONDS = 1.0


class _Request:
    """Done when every slice of it is confirmed, or when one of them fails."""

    __slots__ = ("deadline", "done", "open", "slices", "taken")

    def __init__(self, done: asyncio.Future[None], slices: int, deadline: float) -> None:
        self.done = done
        self.slices = slices
        self.open = slices
        self.deadline = deadline
        self.taken: dict[tuple[Partition, str], int] = {}

    def confirm(self, partition: Partition, producer: str, sequence: int) -> None:
        # Of a partition the sequence only grows, as long as its producer has the same name.
        self.taken[partition, producer] = sequence
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: LogUnavailable) -> None:
        if error.took_nothing and self.slices > 1:
            # Another part of it may be in the log, or still get there.
            error = error.in_doubt()
        if not self.done.done():
            self.done.set_exception(error)


class _Slice(NamedTuple):
    """As much of a request as goes into one batch of one partition."""

    request: _Request
    run: Run


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
        self.producer = producer
        self._draw_shard = draw_shard
        self._linger = linger_seconds
        self._deadline = deadline_seconds
        self._max_waiting_bytes = max_waiting_bytes
        self._keeping = keeping or keeping_of(LABEL)
        self._waiting_bytes = 0
        self._lanes: dict[Partition, _Lane] = {}
        self._open: deque[_Request] = deque()
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
        slices = [
            (p, run)
            for p, part in events.items()
            for run in cut(part, texts.get(p), sources.get(p), new_pages)
        ]
        size = sum(run.size for _, run in slices)
        if self._waiting_bytes and self._waiting_bytes + size > self._max_waiting_bytes:
            raise Overloaded("too many views are waiting for the log")
        loop = asyncio.get_running_loop()
        request = _Request(loop.create_future(), len(slices), loop.time() + self._deadline)
        self._waiting_bytes += size
        for partition, run in slices:
            self._lane(partition).add(_Slice(request, run))
        while self._open and self._open[0].done.done():
            self._open.popleft()
        self._open.append(request)
        if self._timer is None:
            self._timer = loop.call_at(request.deadline, self._expire)
        try:
            await request.done
            return request.taken
        finally:
            self._waiting_bytes -= size

    async def append_one(
        self, partition: Partition, event: PageViewed, text: str | None = None
    ) -> Taken:
        """As `append`, of one event and the text of its viewer."""
        texts = NOBODY if text is None else {partition: [text]}
        return await self.append({partition: [event]}, texts)

    def until_tick(self) -> float:
        """Seconds until the lanes send next.

        All lanes keep the same time, so that their messages leave, and their confirms come back,
        with few system calls.
        """
        now = asyncio.get_running_loop().time()
        return self._linger - now % self._linger if self._linger else 0

    def _expire(self) -> None:
        # One timer for all: a request's deadline is never before that of an earlier one.
        loop = asyncio.get_running_loop()
        message = told = f"the log did not confirm within {self._deadline:g} s"
        if trouble := next(filter(None, (lane.trouble for lane in self._lanes.values())), None):
            message, told = f"{message}: {trouble}", f"{told}: {trouble.told}"
        while self._open and (self._open[0].done.done() or self._open[0].deadline <= loop.time()):
            self._open.popleft().fail(LogUnavailable(message, told=told))
        self._timer = loop.call_at(self._open[0].deadline, self._expire) if self._open else None

    async def close(self) -> None:
        """Wait for what is under way, then stop. Nothing may be appended after.

        What nobody waits for any more has `_CLOSE_SECONDS`: a log that is away may not hold up the
        end.
        """
        sending = {lane.task for lane in self._lanes.values() if lane.task is not None}
        if sending:
            await asyncio.wait(sending, timeout=self._longest())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    def _longest(self) -> float:
        # That of the last request; all before it are due earlier.
        waiting = [request.deadline for request in self._open if not request.done.done()]
        now = asyncio.get_running_loop().time()
        return max([0.0, *(deadline - now for deadline in waiting)]) + _CLOSE_SECONDS

    def _lane(self, partition: Partition) -> "_Lane":
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = _Lane(self, partition)
        return lane

    async def send(
        self,
        partition: Partition,
        producer: str,
        sequence: int,
        parts: Sequence[_Slice],
        failed: Callable[[LogUnavailable], None],
    ) -> None:
        """One batch to the log, tried again as long as somebody waits for it and it may help.

        Each time `failed` is told why.
        """
        runs = [part.run for part in parts]
        events = [event for run in runs for event in run.events]
        recorded_ms = max(self._clock(), _least_ms(events))
        batch = Batch(FORMAT, producer, sequence, recorded_ms, self._draw_shard(), events)
        body = encode(with_tables(batch, runs, self._keeping))
        backoff, in_doubt = _BACKOFF.first, False
        while True:
            try:
                # The same bytes each time: if an earlier try did arrive, the fold sees producer
                # and sequence again and counts them once.
                return await self._writer.append(partition, body)
            except LogUnavailable as error:
                failed(error)
                if error.took_nothing:
                    # This time; of an earlier time nobody knows.
                    raise error.in_doubt() if in_doubt else error
                in_doubt = True
                await asyncio.sleep(uniform(backoff / 2, backoff))  # noqa: S311
                if all(part.request.done.done() for part in parts):
                    raise
            backoff = _BACKOFF.next(backoff)


class _Lane:
    """What waits for one partition, and the task that sends it, one batch at a time."""

    def __init__(self, appender: Appender, partition: Partition) -> None:
        self.task: asyncio.Task[None] | None = None
        self.trouble: LogUnavailable | None = None
        """Why the last try failed, None once one has not."""
        self._appender = appender
        self._partition = partition
        self._producer = ""
        self._sequence = 0
        self._waiting: deque[_Slice] = deque()
        self._unforeseen = False

    def add(self, part: _Slice) -> None:
        self._waiting.append(part)
        if self.task is None:
            self.task = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            behind = False
            while self._waiting:
                if not behind:
                    await asyncio.sleep(self._appender.until_tick())
                batch = self._cut()
                behind = bool(self._waiting)
                if batch:
                    self._number()
                    await self._send(batch)
        finally:
            self.task = None
            # Whatever has ended it: nobody waits for a lane that is gone.
            _fail(self._waiting, LogUnavailable("appending was broken off"))
            self._waiting.clear()

    def _number(self) -> None:
        """The next sequence, the first where the producer has another name."""
        producer = self._appender.producer()
        if producer != self._producer:
            self._producer, self._sequence = producer, 0
        self._sequence += 1

    async def _send(self, batch: list[_Slice]) -> None:
        try:
            await self._appender.send(
                self._partition, self._producer, self._sequence, batch, self._failed
            )
        except LogUnavailable as error:
            _fail(batch, error)
        except Exception as error:
            self._failed(LogUnavailable(f"appending failed: {type(error).__name__}"))
            _fail(batch, LogUnavailable("appending failed, the log of the server says why"))
            # Once for all that come after it: they may be thousands a second.
            if not self._unforeseen:
                logger.exception("appending to partition %d failed", self._partition)
            self._unforeseen = True
        except BaseException:
            _fail(batch, LogUnavailable("appending was broken off"))
            raise
        else:
            self.trouble, self._unforeseen = None, False
            for part in batch:
                part.request.confirm(self._partition, self._producer, self._sequence)

    def _failed(self, error: LogUnavailable) -> None:
        self.trouble = error

    def _cut(self) -> list[_Slice]:
        """The next batch: what waits, as far as the limits of a batch allow."""
        batch: list[_Slice] = []
        room = Room()
        while self._waiting:
            part = self._waiting[0]
            if not part.request.done.done():
                if not room.takes(part.run):
                    break
                batch.append(part)
            self._waiting.popleft()
        return batch


def _least_ms(events: Sequence[PageViewed]) -> int:
    """The first moment at which all of them could have been accepted.

    The clock may have been set back since; a view too far after its recording is not counted.
    """
    return max(event.at_ms for event in events) - MAX_AHEAD_MS


def _fail(parts: Iterable[_Slice], error: LogUnavailable) -> None:
    for part in parts:
        part.request.fail(error)
