"""What waits for the log: requests of one event, and larger ones in slices."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from domain.errors import LogUnavailable
from domain.events import PageViewed, Partition
from domain.receipts import Taken
from ingest.cutting import Run


class Part(Protocol):
    """As much of a request as goes into one batch of one partition."""

    done: asyncio.Future[Taken]
    """Of the request: nobody waits for any part of it any more."""
    size: int
    """The bytes it takes in a batch."""
    held: int
    """The bytes that are held for it until it is over; 0 where that is known otherwise."""
    tabled: bool
    """Is anything known beside its events?"""

    @property
    def events(self) -> Sequence[PageViewed]: ...

    @property
    def run(self) -> Run:
        """The same, with what is beside it."""

    def confirm(self, taken: Taken) -> None:
        """The log has taken it as that."""

    def fail(self, error: LogUnavailable) -> None:
        """It has not, or nobody knows."""


class One:
    """A request of one event: its only part."""

    __slots__ = ("deadline", "done", "events", "held", "size", "tabled", "text")

    def __init__(
        self,
        done: asyncio.Future[Taken],
        deadline: float,
        event: PageViewed,
        text: str | None,
        size: int,
        held: int,
    ) -> None:
        self.done = done
        self.deadline = deadline
        self.events: Sequence[PageViewed] = (event,)
        self.text = text
        self.tabled = text is not None
        self.size = size
        self.held = held

    @property
    def run(self) -> Run:
        return Run(self.events, self.size, None if self.text is None else (self.text,))

    def confirm(self, taken: Taken) -> None:
        if not self.done.done():
            self.done.set_result(taken)
        # It may be kept as long as an earlier request of another partition waits.
        self.events, self.text = (), None

    def fail(self, error: LogUnavailable) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Many:
    """Any other request: done when every slice of it is confirmed, or when one of them fails."""

    __slots__ = ("deadline", "done", "held", "open", "slices", "taken")

    def __init__(self, done: asyncio.Future[Taken], deadline: float, slices: int) -> None:
        self.done = done
        self.deadline = deadline
        self.slices = slices
        self.open = slices
        self.held = 0
        self.taken: dict[tuple[Partition, str], int] = {}

    def confirm(self, taken: Taken) -> None:
        # Of a partition the sequence only grows, as long as its producer has the same name.
        self.taken.update(taken)
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(self.taken)

    def fail(self, error: LogUnavailable) -> None:
        if error.took_nothing and self.slices > 1:
            # Another part of it may be in the log, or still get there.
            error = error.in_doubt()
        if not self.done.done():
            self.done.set_exception(error)


class Slice:
    """A part of many."""

    __slots__ = ("confirm", "done", "events", "fail", "held", "run", "size", "tabled")

    def __init__(self, request: Many, run: Run) -> None:
        self.done = request.done
        self.confirm = request.confirm
        self.fail = request.fail
        self.run = run
        self.events = run.events
        self.size = run.size
        self.held = 0
        self.tabled = run.texts is not None or run.sources is not None or run.new_pages > 0
