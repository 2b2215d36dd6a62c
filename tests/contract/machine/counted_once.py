"""The machine: producers append, projectors fold, crash and take over, in any order.

It goes through the ports only and writes down what each log message must add; after every step the
rows must be what the committed part of the log adds up to, no more and no less. A new ability of
the product is one more rule, here or in a machine on top.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from msgspec.structs import replace

from domain import wire
from domain.agents.classes import Agent
from domain.checkpoint import Checkpoint
from domain.errors import Fenced, LogUnavailable
from domain.events import Epoch, Generation, Hour, Offset, PageViewed, Partition
from domain.guarding import other_page
from domain.hours import HOUR_MS, from_datetime, hour_of
from domain.page_rules import NO_RULES
from domain.projection import Claim
from domain.stats.selection import site_of
from domain.wire import encode
from projector.fold.runner import Runner
from projector.fold.standing import Mark
from rows.postgresql.months import month_end
from tests.conftest import PARTITIONS
from tests.contract.machine.backend import MOST, Host, LimitedReader
from tests.contract.machine.beside import SOURCES, Beside, counted
from tests.contract.machine.lanes import (
    CLASS_OF,
    GARBAGE,
    PAGES,
    Batches,
    Lane,
    Logged,
    Request,
    Sent,
    View,
    Worker,
    Workers,
    numbers,
    partitions,
    producers,
    requests,
    view_lists,
)
from tests.factories import batch

T = TypeVar("T")
# Nothing near it is taken for a repetition of what a producer has sent.
_FAR = 2**60
STEP_SECONDS = 30


class CountedOnce(RuleBasedStateMachine):
    """Producers append, projectors fold, crash and take over, in any order."""

    batches: Bundle[Sent] = Bundle("batches")
    given_up: Bundle[Sent] = Bundle("given_up")
    workers: Bundle[Worker] = Bundle("workers")

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._backend = host.backend
        self._history = next(host.histories)
        self._starts = count(1)
        self._claims = count(1)
        self._producers = [self._new_producer() for _ in range(2)]
        self._sequences: Counter[tuple[str, Partition]] = Counter()
        self._dead_letters_before: Counter[bytes] = Counter()
        self._lanes: dict[Partition, Lane] = {}
        # Two hours on either side of a month's end: in PostgreSQL they lie in two tables. Every
        # history has an end of its own, for what retention has dropped stays past.
        self._first = Hour(from_datetime(month_end(_month(self._history))) - 2)
        self._horizon = self._first
        self._rules = NO_RULES
        self._run(self._begin())

    # What producers do

    @initialize(target=batches, requests=requests)
    def append_first(self, requests: list[Request]) -> Batches:
        return self.append(0, requests)

    @rule(target=batches, producer=producers, requests=requests)
    def append(self, producer: int, requests: list[Request]) -> Batches:
        """Each batch once or, after a confirm that was lost, twice."""
        batches = []
        for partition, views, times in requests:
            sent = self._cut(self._used(partition), producer, views)
            self._append(sent.partition, sent.body, sent.counted)
            self._lanes[sent.partition].first.setdefault(sent.producer, sent.sequence)
            for _ in range(times - 1):
                self._append(sent.partition, sent.body, Logged())
            batches.append(sent)
        return multiple(*batches)

    @rule(sent=batches)
    def append_again(self, sent: Sent) -> None:
        self._append(sent.partition, sent.body, Logged())

    @rule(target=given_up, partition=partitions, producer=producers, views=view_lists)
    def give_up(self, partition: Partition, producer: int, views: list[View]) -> Sent:
        return self._cut(self._used(partition), producer, views)

    @rule(target=batches, sent=consumes(given_up))
    def arrive_late(self, sent: Sent) -> Batches:
        # Its requests were answered 503. It counts, though a later batch was faster, unless its
        # producer was met with that one: what came before is not known then.
        first = self._lanes[sent.partition].first.setdefault(sent.producer, sent.sequence)
        if sent.sequence < first:
            self._append(sent.partition, sent.body, Logged(dead_letter=sent.body))
            return multiple()
        self._append(sent.partition, sent.body, sent.counted)
        return multiple(sent)

    @rule(partition=partitions, producer=producers, views=view_lists)
    def claim_a_far_sequence(self, partition: Partition, producer: int, views: list[View]) -> None:
        """Somebody writes under a producer's name, ahead of all that it will send."""
        sent = self._cut(self._used(partition), producer, views)
        forged = wire.decode(sent.body)
        body = encode(replace(forged, sequence=_FAR + next(self._claims)))
        # Met there or not: what it sends itself is too far below to have come before this.
        self._lanes[sent.partition].first.setdefault(sent.producer, 0)
        self._append(sent.partition, body, sent.counted)

    @rule(target=batches, sent=batches, views=view_lists)
    def go_on_as_a_copy(self, sent: Sent, views: list[View]) -> Sent:
        """Of a machine started twice from one snapshot: the same name and sequence, other views."""
        events = self._events(views)
        copy = wire.decode(sent.body)
        at_ms = copy.recorded_ms + next(self._claims)
        head = {"producer": copy.producer, "sequence": copy.sequence, "shard": copy.shard}
        body = encode(batch(*events, at_ms=at_ms, **head))  # type: ignore[arg-type]
        self._append(sent.partition, body, Logged(events))
        return Sent(sent.partition, sent.producer, sent.sequence, body, events)

    @rule(partition=partitions, body=st.sampled_from(GARBAGE))
    def append_garbage(self, partition: Partition, body: bytes) -> None:
        self._append(self._used(partition), body, Logged(dead_letter=body))

    @rule(partition=partitions, producer=producers)
    def probe(self, partition: Partition, producer: int) -> None:
        """Nothing comes of it, whoever's name it bears."""
        name, sequence = self._producers[producer], next(self._claims)
        body = wire.probe(name, sequence, (self._first + 3) * HOUR_MS + sequence)
        self._append(self._used(partition), body, Logged())

    @rule(producer=producers)
    def restart_producer(self, producer: int) -> None:
        self._producers[producer] = self._new_producer()

    @precondition(lambda self: len(self._lanes) < MOST)
    @rule()
    def repartition(self) -> None:
        """One partition more; views of all pages go there too from now on."""
        self._run(self._enter(Partition(len(self._lanes))))

    # What projectors do, by hand

    @initialize(target=workers)
    def claim_all(self) -> Workers:
        return multiple(*(self._new_worker(partition, newer=False) for partition in self._lanes))

    @rule(target=workers, partition=partitions, newer=st.booleans(), number=numbers)
    def claim(self, partition: Partition, newer: bool, number: int) -> Workers:
        """A take-over, or a second attempt under the same epoch while the first may still live."""
        worker = self._new_worker(self._used(partition), newer)
        self._read(worker, number)
        return worker

    @rule(worker=workers, number=numbers)
    def apply(self, worker: Worker, number: int) -> None:
        self._read(worker, number)
        self._apply([worker])

    @rule(target=workers, worker=workers, newer=st.booleans(), number=numbers, other=numbers)
    def apply_beside_a_rival(self, worker: Worker, newer: bool, number: int, other: int) -> Workers:
        self._read(worker, number)
        rival = self._new_worker(worker.partition, newer)
        self._read(rival, other)
        self._apply([worker, rival])
        return rival

    @rule(target=workers, worker=consumes(workers))
    def crash(self, worker: Worker) -> Workers:
        """What it had read is lost; it begins again under its epoch, unless there is a newer."""
        stored = self._lanes[worker.partition].checkpoint
        if stored.epoch > worker.checkpoint.epoch:
            with pytest.raises(Fenced):
                self._claim(worker.partition, worker.checkpoint.epoch)
            return multiple()
        claim = self._claim(worker.partition, worker.checkpoint.epoch)
        assert claim.checkpoint.stands_as(stored)
        return Worker.of(claim)

    # What projectors do, through the product's loop

    @rule(
        partition=partitions,
        newer=st.booleans(),
        number=numbers,
        batch_size=st.integers(1, 12),
        at_once=st.integers(1, 3),
        fails_after=st.none() | st.integers(0, 4),
    )
    def fold(
        self,
        partition: Partition,
        newer: bool,
        number: int,
        batch_size: int,
        at_once: int,
        fails_after: int | None,
    ) -> None:
        """Some of the log, in flushes of any size, until told to stop or until the log fails."""
        lane = self._lanes[self._used(partition)]
        epoch = Epoch(lane.checkpoint.epoch + newer)
        end = Offset(min(lane.end, lane.checkpoint.next_offset + number))
        reader = LimitedReader(self._backend.reader, end, at_once, fails_after)
        self._run(self._fold(lane, epoch, reader, batch_size))

    # How complete it is

    @rule(partition=partitions)
    def learn_the_end(self, partition: Partition) -> None:
        """The clock first: what is confirmed later has a later moment, or stands behind the end."""
        lane = self._lanes[self._used(partition)]
        lane.marks.append(Mark(next(self._host.moments), lane.end))

    @rule()
    def learn_all_ends_and_fold_up_to_them(self) -> None:
        """As where nothing much arrives."""
        for lane in self._lanes.values():
            lane.marks.append(Mark(next(self._host.moments), lane.end))
            self._run(self._drain(lane))
        self._run(self._record_unused(next(self._host.moments)))
        self.record_what_stands_still()

    @rule()
    def record_what_stands_still(self) -> None:
        lanes = self._lanes.values()
        reached = {lane.checkpoint: lane.reached_ms(lane.checkpoint.next_offset) for lane in lanes}
        self._run(self._backend.watermarks.record(reached))

    @rule(worker=workers)
    def record_what_may_have_moved(self, worker: Worker) -> None:
        """Of a projector that does not know yet that it is one no more."""
        lane = self._lanes[worker.partition]
        found = worker.checkpoint
        self._run(self._backend.watermarks.record({found: lane.reached_ms(found.next_offset)}))

    # What must be true after every step

    @invariant()
    def rows_are_what_is_committed(self) -> None:
        self._run(self._check())

    def teardown(self) -> None:
        for lane in self._lanes.values():
            self._run(self._drain(lane))
        self._run(self._check())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(STEP_SECONDS):
                return await work

        return self._host.loop.run(bounded())

    async def _begin(self) -> None:
        """Fold what a history that failed has left, and remember what there is already."""
        for number in range(PARTITIONS):
            await self._enter(Partition(number))

    async def _enter(self, partition: Partition) -> None:
        known = {c.partition: c for c in await self._backend.checkpoints()}
        fresh = Checkpoint(Generation(0), partition, Offset(0), Epoch(0))
        found = known.get(partition, fresh)
        missing = self._host.ends[partition] - found.next_offset
        left_behind = Lane(found, [Logged()] * missing)
        await self._drain(left_behind)
        self._lanes[partition] = Lane(left_behind.checkpoint)
        self._dead_letters_before = await self._letters_before()

    async def _letters_before(self) -> Counter[bytes]:
        """Those that are none of this history's."""
        found = await self._backend.dead_letters()
        committed = [logged for lane in self._lanes.values() for logged in lane.committed]
        found.subtract(m.dead_letter for m in committed if m.dead_letter is not None)
        return +found

    def _used(self, partition: Partition) -> Partition:
        return Partition(partition % len(self._lanes))

    def _page(self, page: str) -> str:
        """Of this history alone."""
        return f"{self._history}.{page}"

    def _new_producer(self) -> str:
        return f"producer-{self._history}-{next(self._starts)}"

    def _cut(self, partition: Partition, producer: int, views: list[View]) -> Sent:
        name = self._producers[producer]
        self._sequences[name, partition] += 1
        sequence = self._sequences[name, partition]
        # Some are recorded when what was known before is so no longer, and out of their order.
        hour = self._first + 3 + (30 if sequence % 5 == 4 else 0)
        at_ms = hour * HOUR_MS
        events = self._events(views)
        # Each in turn, so that the ways of a machine are no more than they were; every fourth batch
        # tells of no viewer.
        viewers = [*CLASS_OF] * 2
        agents = viewers[sequence % 4 :][: len(events)] if sequence % 4 else []
        sources = [*SOURCES, *SOURCES][sequence % 5 :][: len(events)] if sequence % 3 else []
        new_pages = (0, 1, 1, 2)[sequence % 4]
        cut = batch(
            *events,
            producer=name,
            sequence=sequence,
            shard=sequence % 3,
            at_ms=at_ms,
            agents=agents,
            sources=sources,
            new_pages=new_pages,
        )
        body = encode(cut)
        return Sent(partition, name, sequence, body, events, agents, sources, new_pages, hour)

    def _events(self, views: list[View]) -> list[PageViewed]:
        start_ms = self._first * HOUR_MS
        return [
            PageViewed(self._page(page), start_ms + after_ms, number)
            for page, after_ms, number in views
        ]

    def _append(self, partition: Partition, body: bytes, logged: Logged) -> None:
        async def append() -> None:
            await self._backend.writer.append(partition, body)

        self._run(append())
        self._lanes[partition].appended_ms.append(next(self._host.moments))
        self._host.ends[partition] += 1
        self._lanes[partition].log.append(logged)

    def _claim(self, partition: Partition, epoch: int) -> Claim:
        return self._run(self._backend.store.claim(partition, Epoch(epoch)))

    def _new_worker(self, partition: Partition, newer: bool) -> Worker:
        lane = self._lanes[partition]
        claim = self._claim(partition, lane.checkpoint.epoch + newer)
        lane.checkpoint = claim.checkpoint
        with pytest.raises(Fenced):
            self._claim(partition, lane.checkpoint.epoch - 1)
        return Worker.of(claim)

    def _read(self, worker: Worker, number: int) -> None:
        """Up to `number` entries that are in the log."""
        number = min(number, self._lanes[worker.partition].end - worker.next_offset)

        async def read() -> None:
            left, reader = number, self._backend.reader
            async with reader.subscribe(worker.partition, worker.next_offset) as subscription:
                while left:
                    entries = await subscription.take(left, 1)
                    for entry in entries:
                        worker.fold.add(entry)
                    left -= len(entries)

        if number:
            self._run(read())

    def _apply(self, workers: list[Worker]) -> None:
        """All at the same time: of those of a partition that are not outdated one wins."""
        ready = [w for w in workers if w.fold.delta.entries]
        for worker in ready:
            delta = worker.fold.delta
            delta.complete_ms = self._lanes[worker.partition].reached_ms(delta.next_offset)
        current = [w for w in ready if w.checkpoint.stands_as(self._lanes[w.partition].checkpoint)]
        winners = []
        for worker, result in zip(ready, self._run(self._apply_at_once(ready)), strict=True):
            if isinstance(result, Checkpoint):
                winners.append(worker)
                worker.applied(result)
                self._lanes[worker.partition].checkpoint = result
            else:
                assert isinstance(result, Fenced), result
        assert all(winner in current for winner in winners)
        assert sorted(w.partition for w in winners) == sorted({w.partition for w in current})

    async def _apply_at_once(self, workers: list[Worker]) -> list[Checkpoint | BaseException]:
        store = self._backend.store
        return await asyncio.gather(
            *(store.apply(worker.checkpoint, worker.fold.delta) for worker in workers),
            return_exceptions=True,
        )

    async def _drain(self, lane: Lane) -> None:
        reader = LimitedReader(self._backend.reader, lane.end)
        await self._fold(lane, Epoch(lane.checkpoint.epoch + 1), reader)
        assert lane.checkpoint.next_offset == lane.end

    async def _fold(
        self, lane: Lane, epoch: Epoch, reader: "LimitedReader", batch_size: int = 1_000
    ) -> None:
        store = self._backend.store
        runner = Runner(reader, store, flush_seconds=60, batch_size=batch_size)
        if lane.checkpoint.next_offset == reader.end:
            reader.stop.set()
        try:
            found = await runner.run(lane.checkpoint.partition, epoch, reader.stop)
        except LogUnavailable:
            stored = {c.partition: c for c in await self._backend.checkpoints()}
            found = stored[lane.checkpoint.partition]
            assert lane.checkpoint.next_offset <= found.next_offset < reader.end
        else:
            assert found.next_offset == reader.end
        lane.checkpoint = found

    async def _record_unused(self, moment_ms: int) -> None:
        """Of partitions that nothing goes to in this history: what they had is folded."""
        stored = {c.partition: c for c in await self._backend.checkpoints()}
        for partition in map(Partition, range(MOST)):
            if partition not in self._lanes:
                epoch = stored[partition].epoch if partition in stored else Epoch(0)
                found = (await self._backend.store.claim(partition, epoch)).checkpoint
                if found.next_offset == self._host.ends[partition]:
                    await self._backend.watermarks.record({found: moment_ms})

    async def _check(self) -> None:
        backend = self._backend
        own = [self._page(page) for page in PAGES]
        named = {self._rules.apply(page) for page in own}
        others = sorted({other_page(page) for page in named})
        pages = [*own, *others]
        end = Hour(self._first + 4)
        found = await asyncio.gather(
            *(backend.reports.hourly(page, self._first, end) for page in pages)
        )
        committed = [logged for lane in self._lanes.values() for logged in lane.committed]
        rows: dict[str, Counter[Hour]] = defaultdict(Counter)
        classes: Counter[tuple[str, Agent]] = Counter()
        beside: Beside = Counter()
        for lane in self._lanes.values():
            for event, page, agent, source in counted(lane.committed, self._rules):
                if (hour := hour_of(event.at_ms)) >= self._horizon:
                    rows[page][hour] += event.count
                    classes[page, agent] += event.count
                    if source is not None:
                        beside[site_of(page), hour, source, agent] += event.count
        start = max(self._first, self._horizon)
        assert await backend.classes({*named, *others}, start, end) == classes
        assert await backend.beside({site_of(page) for page in named}, start, end) == beside
        assert [dict(hours) for hours in found] == [
            dict(rows[self._rules.apply(page)]) for page in pages
        ]
        checkpoints = {c.partition: c for c in await backend.checkpoints()}
        assert {
            partition: (c.next_offset, c.epoch, c.events, c.views)
            for partition, c in checkpoints.items()
            if partition in self._lanes
        } == {partition: lane.must_be() for partition, lane in self._lanes.items()}
        for partition, lane in self._lanes.items():
            complete_ms = checkpoints[partition].complete_ms
            assert self._host.partition_complete_ms[partition] <= complete_ms
            assert complete_ms <= lane.folded_before_ms()
            self._host.partition_complete_ms[partition] = complete_ms
        said_ms = {views.watermark.complete_ms for views in found}
        assert said_ms <= {self._host.complete_ms} or min(said_ms) > self._host.complete_ms
        self._host.complete_ms = max(said_ms)
        assert all(max(said_ms) <= lane.folded_before_ms() for lane in self._lanes.values())
        letters = Counter(m.dead_letter for m in committed if m.dead_letter is not None)
        assert await backend.dead_letters() == self._dead_letters_before + letters


def _month(number: int) -> tuple[int, int]:
    return 2001 + number // 12, number % 12 + 1


# Shrinking would run a machine hundreds of times: only the fakes are fast enough.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
