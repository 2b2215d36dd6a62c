"""One partition's way to the log: what waits for it, and the one batch under way."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from random import uniform

from domain.backoff import Backoff
from domain.errors import LogUnavailable
from domain.events import Partition
from domain.ports.log import LogWriter
from ingest.cutting import Room, fit
from ingest.flights import Flights
from ingest.parts import Part

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.05, last=1.0)

Pack = Callable[[str, int, Sequence[Part]], bytes]
"""From producer, sequence and what is in it to the bytes of a batch."""


class Lane:
    """Sends one batch at a time: the next is sent when everybody in the last was answered."""

    def __init__(
        self,
        partition: Partition,
        writer: LogWriter,
        flights: Flights,
        *,
        producer: Callable[[], str],
        pack: Pack,
        over: Callable[[Sequence[Part]], None],
    ) -> None:
        self.sent: asyncio.Future[None] | None = None
        """The append that is under way, or the tries that follow it."""
        self.trouble: LogUnavailable | None = None
        """Why the last try failed, None once one has not."""
        self._partition = partition
        self._writer = writer
        self._flights = flights
        self._name = producer
        self._pack = pack
        self._over = over
        self._producer = ""
        self._sequence = 0
        self._waiting: list[Part] = []
        self._events = self._size = 0
        self._tabled = False
        self._since = 0.0
        self._batch: Sequence[Part] = ()
        self._body = b""
        self._behind = False
        self._flight: int | None = None
        self._unforeseen = False

    def add(self, part: Part, now: float) -> None:
        """It leaves with the next flight, or as soon as a batch is full."""
        if not self._waiting:
            self._since = now
            if not self._batch:
                self._flights.wait(self, now)
        self._waiting.append(part)
        self._events += len(part.events)
        self._size += part.size
        if part.tabled:
            self._tabled = True
        if not self._batch and not self._fits():
            self.leave()

    def leave(self) -> None:
        """Send what waits, as far as it fits into a batch."""
        if self._batch or not self._waiting:
            return
        self._batch = self._cut()
        self._behind = bool(self._waiting)
        if not self._batch:
            return
        self._flight = self._flights.left()
        try:
            self._number()
            self._body = self._pack(self._producer, self._sequence, self._batch)
            self.sent = asyncio.ensure_future(self._writer.append(self._partition, self._body))
        except Exception as error:  # noqa: BLE001
            self._fail_unforeseen(error)
            # In its turn: the next may fail in the same way.
            asyncio.get_running_loop().call_soon(self._land)
        else:
            self.sent.add_done_callback(self._tried)

    def break_off(self) -> None:
        """Whatever has ended it: nobody waits for a lane that is gone."""
        error = LogUnavailable("appending was broken off")
        waiting, self._waiting = self._waiting, []
        self._events, self._size = 0, 0
        for part in (*self._batch, *waiting):
            part.fail(error)
        self._over(waiting)

    def _fits(self) -> bool:
        return fit(self._events, self._size, tabled=self._tabled)

    def _number(self) -> None:
        """The next sequence, the first where the producer has another name."""
        producer = self._name()
        if producer != self._producer:
            self._producer, self._sequence = producer, 0
        self._sequence += 1

    def _tried(self, sent: asyncio.Future[None]) -> None:
        error = None if sent.cancelled() else sent.exception()
        if isinstance(error, LogUnavailable):
            self.trouble = error
            if not error.took_nothing:
                # Nobody waits for it to leave together.
                self._put_down()
                self.sent = asyncio.create_task(self._again(error))
                self.sent.add_done_callback(self._ended)
                return
        self._ended(sent)

    async def _again(self, error: LogUnavailable) -> None:
        """Tried again as long as somebody waits for it and it may help."""
        backoff = _BACKOFF.first
        while True:
            await asyncio.sleep(uniform(backoff / 2, backoff))  # noqa: S311
            if all(part.done.done() for part in self._batch):
                raise error
            try:
                # The same bytes each time: if an earlier try did arrive, the fold sees producer
                # and sequence again and counts them once.
                return await self._writer.append(self._partition, self._body)
            except LogUnavailable as found:
                self.trouble = error = found
                if error.took_nothing:
                    # This time; of an earlier time nobody knows.
                    raise error.in_doubt() from error
            backoff = _BACKOFF.next(backoff)

    def _ended(self, sent: asyncio.Future[None]) -> None:
        try:
            sent.result()
        except LogUnavailable as error:
            self._fail(error)
        except asyncio.CancelledError:
            self.break_off()
        # Whatever it is, somebody waits for it.
        except Exception as error:  # noqa: BLE001
            self._fail_unforeseen(error)
        else:
            self._confirm()
        self._land()

    def _confirm(self) -> None:
        self.trouble, self._unforeseen = None, False
        taken = {(self._partition, self._producer): self._sequence}
        for part in self._batch:
            part.confirm(taken)

    def _fail(self, error: LogUnavailable) -> None:
        for part in self._batch:
            part.fail(error)

    def _fail_unforeseen(self, error: Exception) -> None:
        self.trouble = LogUnavailable(f"appending failed: {type(error).__name__}")
        self._fail(LogUnavailable("appending failed, the log of the server says why"))
        # Once for all that come after it: they may be thousands a second.
        if not self._unforeseen:
            logger.error("appending to partition %d failed", self._partition, exc_info=error)
        self._unforeseen = True

    def _land(self) -> None:
        batch, self._batch = self._batch, ()
        self.sent = None
        self._over(batch)
        self._put_down()
        if self._behind:
            self.leave()
        elif self._waiting:
            self._flights.wait(self, self._since)
            self._flights.look()

    def _put_down(self) -> None:
        if self._flight is not None:
            flight, self._flight = self._flight, None
            self._flights.landed(flight)

    def _cut(self) -> Sequence[Part]:
        """The next batch: what waits, as far as the limits of a batch allow."""
        waiting = self._waiting
        if self._fits():
            self._waiting = []
            self._events, self._size, self._tabled = 0, 0, False
        else:
            room, end = Room(), 0
            while end < len(waiting) and (waiting[end].done.done() or room.takes(waiting[end].run)):
                end += 1
            waiting, self._waiting = waiting[:end], waiting[end:]
            self._events -= sum(len(part.events) for part in waiting)
            self._size -= sum(part.size for part in waiting)
        batch = [part for part in waiting if not part.done.done()]
        if len(batch) < len(waiting):
            self._over([part for part in waiting if part.done.done()])
        return batch
