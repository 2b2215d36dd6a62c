"""The user agents that views came with, as what of them may go into the log."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.agents.keeping import Keeping
from domain.agents.viewers import Viewers
from domain.events import MAX_COUNT, Batch, PageViewed, Partition, TabledBatch
from domain.guard import Guard
from domain.sources import Sources
from domain.wire import WITH_TABLES
from ingest.cutting import Column, Run
from ingest.faults import MAX_AGENTS, is_count

TextOf = Callable[[str], str]
"""From a user agent to what is kept of it, empty where it says nothing."""
Texts = Mapping[Partition, Sequence[str | None]]
"""For each event of a partition what is kept of its viewer; partitions without any are left out."""
NOBODY: Texts = MappingProxyType({})


class Beside(NamedTuple):
    """What else is known of the events of a request.

    `sources` are for each event of a partition where its viewer came from: `NONE` where that is
    known to be nowhere, None where nobody knows. Where `new_pages` is not 0 the pages were named by
    strangers: in an hour of a site each partition counts so many that are new by their own names.
    """

    sources: Texts = NOBODY
    new_pages: int = 0


NOTHING_BESIDE = Beside()


class Gathered:
    """What is known of the viewers of one request's events."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of
        self._texts: dict[Partition, dict[int, str]] = {}
        self._agents: set[str] = set()

    def add(
        self, partition: Partition, lane: list[PageViewed], page: str, at_ms: int, by_agent: Any
    ) -> int | None:
        """Put the views that came `by_agent`, pairs of user agent and count, into `lane`.

        How many there are; None where they cannot be counted, and then all is refused.
        """
        if type(by_agent) is not tuple or not all(is_count(count) for _, count in by_agent):
            return None
        self._agents.update(agent for agent, _ in by_agent)
        if len(self._agents) > MAX_AGENTS:
            return None
        for text, count in self._by_text(by_agent):
            self.note(partition, len(lane), text)
            lane.append(PageViewed(page, at_ms, count))
        return sum(int(count) for _, count in by_agent)

    def note(self, partition: Partition, place: int, text: str) -> None:
        """The viewer of the event at this place."""
        if text:
            self._texts.setdefault(partition, {})[place] = text

    def texts(self, events: Mapping[Partition, Sequence[PageViewed]]) -> Texts:
        """Of all of them."""
        return {
            partition: [known.get(place) for place in range(len(events[partition]))]
            for partition, known in self._texts.items()
        }

    def _by_text(self, by_agent: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Those of whom the same is kept as one, as far as a count can be so large."""
        sums: dict[str, int] = {}
        for agent, count in by_agent:
            text = self._text_of(agent)
            if sums.get(text, 0) + count > MAX_COUNT:
                yield text, sums.pop(text)
            sums[text] = sums.get(text, 0) + count
        yield from sums.items()


def with_tables(batch: Batch, runs: Sequence[Run], keeping: Keeping) -> Batch:
    """The batch, made of these runs, in the format that holds what is known beside its events; as
    it is where nothing is.
    """
    agents = sources = guard = None
    if any(run.texts is not None for run in runs):
        texts = _together((run.texts, run) for run in runs)
        agents = Viewers.gathered(keeping.kept, keeping.data, texts)
    if any(run.sources is not None for run in runs):
        sources = Sources.gathered(_together((run.sources, run) for run in runs))
    if any(run.new_pages for run in runs):
        guard = Guard.gathered(run.new_pages for run in runs for _ in run.events)
    if agents is None and sources is None and guard is None:
        return batch
    head = (batch.producer, batch.sequence, batch.recorded_ms, batch.shard, batch.events)
    return TabledBatch(WITH_TABLES, *head, agents, sources, guard)


def _together(columns: Iterable[tuple[Column, Run]]) -> Iterator[str | None]:
    for column, run in columns:
        yield from repeat(None, len(run.events)) if column is None else column
