"""What a history does, and what must have come of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults

from domain.agents.classes import Agent
from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Checkpoint
from domain.events import Epoch, Offset, PageViewed, Partition
from domain.hours import HOUR_MS
from domain.page_rules import NO_RULES, PageRules
from domain.positions import Position
from domain.projection import Claim, Fold
from projector.fold.standing import Mark
from tests.contract.machine.backend import MOST

# Some are one page under page rules.
PAGES = (
    "example.com/",
    "EXAMPLE.com",
    "例え.jp/ページ?q=🙂",
    "例え.jp/ページ",
    "o'neill/\\\"%_é",
    "я" * 300,
)
CLASS_OF = {
    None: Agent.UNKNOWN,
    "?": Agent.UNKNOWN,
    "Firefox": Agent.PERSON,
    "Googlebot": Agent.ROBOT,
}
"""What the list says of the viewers that are sent."""
GARBAGE = (
    b"\x00junk",
    b"\xff\xfe",
    b"{}",
    b'[0,"p",1,0,0,[]]',
    b'[1,"p",0,0,0,[["a",0,1]]]',
    b'[1,"p",1,0,0,[["\\u0000",0,1]]]',
    b'[1,"p",1,0,0,[["a",0,1]]',
    b'[2,"p",1,0,0,[["a",0,1]],{"agent":{"kept":"label","data":"","texts":["x"],"of":[1]}}]',
)
View = tuple[str, int, int]
Request = tuple[Partition, list[View], int]
# A page may be met in any partition: after a change of their number it is met in two. Numbers
# that are not in use yet stand for others.
partitions = st.sampled_from([Partition(p) for p in range(MOST)])
producers = st.integers(0, 1)
numbers = st.integers(0, 6)
view_lists: st.SearchStrategy[list[View]] = st.lists(
    st.tuples(
        st.sampled_from(PAGES), st.integers(0, 4 * HOUR_MS - 1), st.sampled_from([1, 2, 10**9])
    ),
    min_size=1,
    max_size=4,
)
"""Pages, milliseconds after the start, counts."""
requests = st.lists(st.tuples(partitions, view_lists, st.integers(1, 2)), min_size=1, max_size=5)
"""Batches: a partition, what is in it, how often it arrives."""


class Sent(NamedTuple):
    """A batch as its producer cut it: where it goes, its bytes, what is in it."""

    partition: Partition
    producer: str
    sequence: int
    body: bytes
    events: Sequence[PageViewed]
    agents: Sequence[str | None] = ()
    sources: Sequence[str | None] = ()
    new_pages: int = 0
    hour: int = 0

    @property
    def counted(self) -> "Logged":
        """What it adds where it counts."""
        return Logged(
            self.events,
            agents=self.agents,
            sources=self.sources,
            new_pages=self.new_pages,
            hour=self.hour,
        )


Batches = Sent | MultipleResults[Sent]


class Logged(NamedTuple):
    """What one log message must add: events, or itself as a dead letter, or nothing.

    `agents` are what was sent of the viewers, event by event, or nothing; so are `sources`. Of a
    site in the `hour` of recording so many pages may be new, 0: any.
    """

    events: Sequence[PageViewed] = ()
    dead_letter: bytes | None = None
    agents: Sequence[str | None] = ()
    sources: Sequence[str | None] = ()
    new_pages: int = 0
    hour: int = 0

    def by_class(self) -> Iterator[tuple[PageViewed, Agent]]:
        """Each event with who looked."""
        texts = self.agents or [None] * len(self.events)
        for event, text in zip(self.events, texts, strict=True):
            yield event, CLASS_OF[text]


@dataclass
class Lane:
    """What is known of a partition: its log in this history, and its checkpoint."""

    checkpoint: Checkpoint
    log: list[Logged] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    appended_ms: list[int] = field(default_factory=list)
    """When each message was confirmed, where that is written down."""
    marks: list[Mark] = field(default_factory=list)
    """What was learnt of its end, oldest first."""

    def __post_init__(self) -> None:
        self.before = self.checkpoint

    @property
    def end(self) -> Offset:
        """One beyond the last offset."""
        return Offset(self.before.next_offset + len(self.log))

    @property
    def committed(self) -> list[Logged]:
        """The messages that are folded."""
        return self.log[: self.checkpoint.next_offset - self.before.next_offset]

    def reached_ms(self, next_offset: Offset) -> int:
        """The moment of the last mark that is before `next_offset`, 0: there is none."""
        return max((mark.moment_ms for mark in self.marks if mark.end <= next_offset), default=0)

    def folded_before_ms(self) -> float:
        """The first moment of which something is missing."""
        missing = self.appended_ms[len(self.committed) :]
        return min(missing, default=float("inf"))

    def must_be(self) -> tuple[Offset, Epoch, int, int]:
        """Next offset, epoch, events and views of the stored checkpoint."""
        events = [event for logged in self.committed for event in logged.events]
        return (
            self.checkpoint.next_offset,
            self.checkpoint.epoch,
            self.before.events + len(events),
            self.before.views + sum(event.count for event in events),
        )


@dataclass(eq=False)
class Worker:
    """A projector that folds one partition by hand; `fold` is what a crash loses."""

    checkpoint: Checkpoint
    positions: dict[str, Position]
    rules: PageRules = NO_RULES
    classes: Classes = UNCLASSED

    def __post_init__(self) -> None:
        self.fold = Fold(self.positions, self.rules, classes=self.classes)

    @classmethod
    def of(cls, claim: Claim) -> "Worker":
        """Begin where the claim says."""
        return cls(claim.checkpoint, dict(claim.positions), claim.rules, claim.classes)

    @property
    def partition(self) -> Partition:
        return self.checkpoint.partition

    @property
    def next_offset(self) -> Offset:
        """Where it reads on."""
        delta = self.fold.delta
        return delta.next_offset if delta.entries else self.checkpoint.next_offset

    def applied(self, checkpoint: Checkpoint) -> None:
        """Go on as the runner does."""
        self.checkpoint = checkpoint
        self.positions.update(self.fold.delta.positions)
        self.__post_init__()


Workers = Worker | MultipleResults[Worker]
