"""From entries of one partition to the views in them, each batch once. Pure."""

from collections.abc import Iterator

from domain.agents.classes import Agent, agent_of
from domain.agents.classing import Classes
from domain.errors import Undecodable, UnknownFormat
from domain.events import Batch, Entry, Offset
from domain.moments import Judge, ahead_of_record
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.positions import Position, Turn
from domain.wire import decode
from read_api.live.counts import Viewed

MOST_PRODUCERS = 200
"""Of a partition: so many processes of ingest are known apart."""
_MOST_NAMES = 20_000
# Batches of which the bytes are kept before they are hashed.
_UNHASHED = 16


class Hearing:
    """What was heard of a partition so far: `offset` is where to go on, `recorded_ms` how far.

    A batch that stands there again, byte by byte, is passed over, as the fold does; so is what the
    fold would set aside. What a producer sent before anything was heard of it is not known: a
    repetition of that is older than what is shown.
    """

    def __init__(self, rules: PageRules, classes: Classes, clock: Clock) -> None:
        self.offset: Offset | None = None
        self.recorded_ms = 0
        self._rules = rules
        self._classes = classes
        self._judge = Judge(clock)
        self._names: dict[str, str] = {}
        self._positions: dict[str, Position] = {}

    def hear(self, entry: Entry, since_ms: int) -> list[Viewed]:
        """The views in an entry of the moments from `since_ms` on.

        A moment after the recording is a clock's that is ahead: those views were there by then.
        """
        self.offset = Offset(entry.offset + 1)
        try:
            batch = decode(entry.body)
        except (Undecodable, UnknownFormat):
            return []
        # Of a probe, which has no events, nobody is remembered: producers are bounded.
        if ahead_of_record(batch) or (batch.events and self._is_repeated(batch, entry)):
            return []
        if self._judge.refusal(batch, entry.offset):
            return []
        self.recorded_ms = max(self.recorded_ms, batch.recorded_ms)
        if batch.recorded_ms < since_ms:
            return []
        return [*self._viewed(batch, since_ms)]

    def _viewed(self, batch: Batch, since_ms: int) -> Iterator[Viewed]:
        agents, sources = self._agents(batch), None
        if batch.sources is not None:
            sources = batch.sources.by_event()
        recorded_ms = batch.recorded_ms
        for place, (page, at_ms, count) in enumerate(
            (event.page, event.at_ms, event.count) for event in batch.events
        ):
            if at_ms >= since_ms:
                yield Viewed(
                    self._name(page),
                    min(at_ms, recorded_ms),
                    count,
                    agents[place] if agents else Agent.UNKNOWN,
                    sources[place] if sources else None,
                )

    def _agents(self, batch: Batch) -> list[Agent] | None:
        if batch.agents is None:
            return None
        slots = self._classes.slots(batch.agents, batch.shard)
        return None if slots is None else [*map(agent_of, slots)]

    def _is_repeated(self, batch: Batch, entry: Entry) -> bool:
        position = self._positions.pop(batch.producer, None)
        if position is None or position.forgotten_at(entry.offset):
            self._positions[batch.producer] = Position.first(batch, entry)
            if len(self._positions) > MOST_PRODUCERS:
                # The one that was heard last stands last.
                del self._positions[next(iter(self._positions))]
            return False
        self._positions[batch.producer] = position
        if position.turn_of(batch, entry.body) in (Turn.REPEATED, Turn.UNKNOWN):
            return True
        position.take(batch, entry)
        if len(position.fresh) >= _UNHASHED:
            position.settle()
        return False

    def _name(self, page: str) -> str:
        if not self._rules:
            return page
        name = self._names.get(page)
        if name is None:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            name = self._names[page] = self._rules.apply(page)
        return name
