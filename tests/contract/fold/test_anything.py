"""Whatever is in the log, every store folds it to the same rows, letters and checkpoint."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.wiring.process import now_ms
from domain.checkpoint import Checkpoint
from domain.counting import RowKey
from domain.errors import UnknownFormat
from domain.events import (
    MAX_AT_MS,
    MAX_COUNT,
    MAX_VIEWS,
    MIN_AT_MS,
    Entry,
    Epoch,
    Offset,
    Partition,
)
from domain.ports.fold import ProjectionStore
from domain.projection import Fold
from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.fold.store import SqlProjectionStore
from rows.tables import dead_letters, hourly_views
from tests.contract.fold.site import url_of
from tests.fakes import FakeStore

# Near every bound there is, on both sides of it, and far beyond.
EDGES = [
    -(2**64), -(2**63), -1, 0, 1, 2, 499, 32_767, 32_768, MAX_COUNT, MAX_COUNT + 1, MIN_AT_MS,
    MIN_AT_MS - 1, MAX_AT_MS, MAX_AT_MS + 1, 2**53, 2**62, 2**62 + 1, 2**63 - 1, 2**63, 10**30,
]  # fmt: skip
NUMBERS = st.sampled_from(EDGES) | st.integers(0, 1_752_660_000_123) | st.floats() | st.booleans()
MOMENTS = st.sampled_from([MIN_AT_MS, -1, 0, MAX_AT_MS]) | st.integers(0, 1_752_660_000_123)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", "a/b", "a\x00b", "a\x1fb", "\x7f", "\uffff", "\U0010ffff", "x" * 2_048, "x" * 2_049,
     "я" * 1_024, "я" * 1_025, "p1", "p\n"]
)  # fmt: skip
PAGES = st.sampled_from(["a", "b/c"]) | TEXTS
GOOD_EVENTS = st.tuples(st.sampled_from(["a", "b/c"]), MOMENTS, st.integers(1, MAX_COUNT))
ODD_EVENTS = st.tuples(PAGES, NUMBERS | MOMENTS, NUMBERS | st.integers(1, 9))
ANY_JSON = st.recursive(st.none() | NUMBERS | TEXTS, lambda inner: st.lists(inner, max_size=4)
                        | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8)  # fmt: skip
HEADS = st.tuples(st.sampled_from(["p1", "p2"]), st.integers(1, 5), MOMENTS, st.integers(0, 3))
GOOD = st.builds(lambda head, events: [1, *head, events], HEADS, st.lists(GOOD_EVENTS, max_size=4))
ODD = st.builds(lambda head, events: [1, *head, events],
                st.tuples(TEXTS | ANY_JSON, NUMBERS, NUMBERS, NUMBERS) | HEADS,
                st.lists(ODD_EVENTS | GOOD_EVENTS, max_size=4) | ANY_JSON)  # fmt: skip
STRAY = st.lists(NUMBERS | ANY_JSON, max_size=3) | ANY_JSON
SURROGATES = [rb'[1,"p1",9,1,0,[["\ud800",1,1]]]', b'[1,"p1",9,1,0,[["\xed\xa0\x80",1,1]]]']


def spelled(value: object, *, escaped: bool) -> bytes:
    return json.dumps(value, ensure_ascii=escaped).encode()


BODIES = (
    st.builds(partial(spelled, escaped=True), GOOD)
    | st.builds(partial(spelled, escaped=False), ODD)
    | st.builds(partial(spelled, escaped=True), STRAY | ODD)
    | st.binary(max_size=30)
    | st.sampled_from([*SURROGATES, b"[" * 10_000, b'[1,"p1",9,1,0,[["a",1,1e3]]]', b"[2025]"])
)


class Result(NamedTuple):
    rows: Counter[RowKey]
    letters: dict[int, bytes]
    checkpoint: Checkpoint


async def fold(
    store: ProjectionStore, partition: Partition, log: list[Entry], cut: int, before: int
) -> Checkpoint:
    """In two flushes, on top of a total of `before` views."""
    for entries in filter(None, (log[:cut], log[cut:])):
        claim = await store.claim(partition, Epoch(1))
        gathered = Fold(claim.positions, views=before + claim.checkpoint.views)
        for entry in entries:
            try:
                gathered.add(entry)
            except UnknownFormat:
                # Here it would stop until the next version.
                gathered.delta.next_offset = Offset(entry.offset + 1)
        await store.apply(claim.checkpoint, gathered.delta)
    return (await store.claim(partition, Epoch(1))).checkpoint


async def in_memory(log: list[Entry], before: int) -> Result:
    store = FakeStore()
    found = await fold(store, Partition(0), log, len(log), before)
    letters = {int(letter.offset): letter.body for letter in store.dead_letters}
    return Result(Counter(store.rows), letters, found)


class Database:
    """One for many logs: each has a partition of its own, and leaves no rows behind."""

    def __init__(self, loop: asyncio.Runner, engine: AsyncEngine) -> None:
        self.loop = loop
        self._engine = engine
        self._store = SqlProjectionStore(engine, now_ms)
        self._partitions = map(Partition, count())

    async def fold(self, log: list[Entry], cut: int, before: int) -> Result:
        checkpoint = await fold(self._store, next(self._partitions), log, cut, before)
        h, d = hourly_views.c, dead_letters.c
        async with self._engine.begin() as connection:
            rows = await connection.execute(select(h.page, h.view_hour, h.shard, h.views))
            counted = Counter({(r.page, r.view_hour, r.shard): r.views for r in rows})
            found = await connection.execute(select(d.log_offset, d.body))
            letters = {r.log_offset: r.body for r in found}
            await connection.execute(hourly_views.delete())
            await connection.execute(dead_letters.delete())
        return Result(counted, letters, checkpoint)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    stack = AsyncExitStack()

    async def begin() -> AsyncEngine:
        path = tmp_path_factory.mktemp("anything")
        engine = open_engine(await stack.enter_async_context(url_of(request.param, path)))
        stack.push_async_callback(engine.dispose)
        await upgrade(engine)
        return engine

    with asyncio.Runner() as loop:
        yield Database(loop, loop.run(begin()))
        loop.run(stack.aclose())


@settings(max_examples=80)
@given(st.lists(BODIES, max_size=8), st.data())
def test_whatever_is_in_the_log_is_counted_or_set_aside(
    database: Database, bodies: list[bytes], data: st.DataObject
) -> None:
    log = [Entry(Offset(offset), body) for offset, body in enumerate(bodies)]
    cut = data.draw(st.integers(0, len(log)))
    before = data.draw(st.sampled_from([0, 0, 0, MAX_VIEWS - 10, MAX_VIEWS - MAX_COUNT, MAX_VIEWS]))
    wanted = database.loop.run(in_memory(log, before))
    found = database.loop.run(database.fold(log, cut, before))
    assert found.rows == wanted.rows
    assert found.letters == wanted.letters
    assert replace(found.checkpoint, partition=Partition(0)) == wanted.checkpoint
    assert before + found.checkpoint.views <= MAX_VIEWS
    assert found.rows.total() == found.checkpoint.views
