"""What a database can never hold is set aside; what it refuses for itself is no batch's fault."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cli.wiring.process import now_ms
from domain.errors import StoreRefused, StoreUnavailable, Unstorable
from domain.events import Entry, Epoch, Offset, Partition
from domain.projection import Delta, project
from domain.settings import Settings
from log.opening import open_reader, open_writer
from migrations.upgrade import upgrade
from projector.fold.runner import Runner
from rows.engine import engine_at, open_engine
from rows.fold.store import SqlProjectionStore
from rows.tables import checkpoints, dead_letters, hourly_views, producer_positions
from tests.conftest import embedded, postgres_database
from tests.factories import TEN, entry, event
from tests.fakes import FakeLog
from tests.servers import postgres_url

ONE = Partition(1)
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
LATIN1, EUC_JP = (pytest.param(n, marks=pytest.mark.postgres) for n in ("LATIN1", "EUC_JP"))
FULL = 2**63 - 3


@pytest.fixture(params=["sqlite", POSTGRES])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    if request.param == "sqlite":
        found = open_engine(embedded(tmp_path).rows_url)
        await upgrade(found)
        yield found
        await found.dispose()
        return
    async with postgres_database() as url:
        found = open_engine(url)
        await upgrade(found)
        yield found
        await found.dispose()


@pytest.fixture(params=[LATIN1, EUC_JP])
async def other_encoding(request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine]:
    name = f"footfall_test_{uuid.uuid4().hex[:12]}"
    server = open_engine(postgres_url(), read_only=True)
    async with server.connect() as connection:
        await connection.execute(
            text(
                f"CREATE DATABASE {name} ENCODING '{request.param}' TEMPLATE template0 "
                "LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        )
    # Past our own way in, which refuses such a database: it may have been let in before.
    found = create_async_engine(make_url(postgres_url()).set(database=name))
    await upgrade(found)
    yield found
    await found.dispose()
    async with server.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


async def filled(*bodies: bytes) -> FakeLog:
    log = FakeLog()
    for body in bodies:
        await log.append(ONE, body)
    return log


async def fold(engine: AsyncEngine, log: FakeLog, epoch: int = 1, *, bulk: bool = False) -> None:
    """All that is in the log."""
    runner = Runner(
        log, SqlProjectionStore(engine, now_ms, bulk=bulk), flush_seconds=5, batch_size=1_000
    )
    until = (await log.bounds(ONE)).end
    await runner.run(ONE, Epoch(epoch), asyncio.Event(), until=until)


async def letters(engine: AsyncEngine) -> dict[int, str]:
    async with engine.connect() as connection:
        found = await connection.execute(select(dead_letters.c.log_offset, dead_letters.c.reason))
        return {row.log_offset: row.reason for row in found}


async def totals(engine: AsyncEngine) -> tuple[int, int, int]:
    """Next offset, running views, views of all rows."""
    async with engine.connect() as connection:
        row = (await connection.execute(select(checkpoints))).one()
        views = await connection.execute(select(func.coalesce(func.sum(hourly_views.c.views), 0)))
        return row.next_offset, row.views, int(views.scalar_one())


async def execute(engine: AsyncEngine, *statements: object) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            found = text(statement) if isinstance(statement, str) else statement
            await connection.execute(found)  # type: ignore[call-overload]


async def test_a_page_outside_the_encoding_is_set_aside_alone(other_encoding: AsyncEngine) -> None:
    pages = ["a/1", "a/2", "a/3", "a/\U0001f642", "a/5"]
    log = await filled(*(entry(n, event(page)).body for n, page in enumerate(pages)))
    await fold(other_encoding, log)
    found = await letters(other_encoding)
    assert list(found) == [3]
    assert "encoding" in found[3]
    assert await totals(other_encoding) == (5, 4, 4)
    # What follows is counted, and whoever takes over knows the log again.
    await log.append(ONE, entry(5, event("a/6")).body)
    await fold(other_encoding, log, epoch=2)
    assert await totals(other_encoding) == (6, 5, 5)


async def test_a_sum_beyond_64_bits_is_refused_and_changes_nothing(engine: AsyncEngine) -> None:
    store = SqlProjectionStore(engine, now_ms)
    checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint
    checkpoint = await store.apply(checkpoint, project([entry(0, event(count=2))]))
    await execute(engine, update(hourly_views).values(views=FULL))
    with pytest.raises(Unstorable):
        await store.apply(checkpoint, project([entry(1, event(count=3))]))
    assert await totals(engine) == (1, 2, FULL)
    await store.apply(checkpoint, project([entry(1, event(count=2))]))
    assert await totals(engine) == (2, 4, FULL + 2)


async def test_a_batch_whose_row_is_full_is_set_aside_and_the_others_are_counted(
    engine: AsyncEngine,
) -> None:
    log = await filled(entry(0, event("full")).body)
    await fold(engine, log)
    await execute(engine, update(hourly_views).values(views=2**63 - 9))
    for number in range(1, 8):
        full = event("full", count=9)
        await log.append(ONE, entry(number, full if number == 4 else event("empty")).body)
    await fold(engine, log)
    assert list(await letters(engine)) == [4]
    assert (await totals(engine))[:2] == (8, 7)


async def test_a_refused_flush_is_read_again_from_the_log_it_came_from(backend: Settings) -> None:
    writer, reader = open_writer(backend), open_reader(backend)
    async with engine_at(backend.rows_url) as engine:
        runner = Runner(
            reader, SqlProjectionStore(engine, now_ms), flush_seconds=5, batch_size=1_000
        )
        await writer.append(ONE, entry(0, event("full")).body)
        await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(1))
        await execute(engine, update(hourly_views).values(views=2**63 - 200))
        # More than is taken from the log at once.
        for number in range(1, 121):
            seen = event("full", count=200) if number in (3, 77) else event("empty")
            await writer.append(ONE, entry(number, seen).body)
        await runner.run(ONE, Epoch(1), asyncio.Event(), until=Offset(121))
        assert list(await letters(engine)) == [3, 77]
        assert (await totals(engine))[:2] == (121, 119)
    await writer.close()
    await reader.close()


@pytest.mark.parametrize(
    "delta",
    [
        Delta(rows={("a", TEN // 3_600_000, 0): 2**63}, next_offset=Offset(1)),  # type: ignore[dict-item]
        Delta(rows={("a\ud800", TEN // 3_600_000, 0): 1}, next_offset=Offset(1)),  # type: ignore[dict-item]
        Delta(next_offset=Offset(1), views=2**64),
        Delta(next_offset=Offset(2**63)),
    ],
)
async def test_what_the_driver_refuses_is_no_other_error(engine: AsyncEngine, delta: Delta) -> None:
    for bulk in (False, True):
        store = SqlProjectionStore(engine, now_ms, bulk=bulk)
        checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint
        with pytest.raises(Unstorable):
            await store.apply(checkpoint, delta)
        assert await totals(engine) == (0, 0, 0)


async def test_a_table_that_is_gone_stops_the_partition_and_sets_nothing_aside(
    engine: AsyncEngine,
) -> None:
    log = await filled(*(entry(n).body for n in range(3)))
    rename = "ALTER TABLE {} RENAME TO {}"
    await execute(engine, rename.format("producer_positions", "moved"))
    with pytest.raises(StoreRefused):
        await fold(engine, log)
    await execute(engine, rename.format("moved", "producer_positions"))
    await fold(engine, log)
    assert await letters(engine) == {}
    assert await totals(engine) == (3, 3, 3)


async def test_a_letter_that_is_there_already_is_no_obstacle(engine: AsyncEngine) -> None:
    log = await filled(b"junk", entry(1).body)
    await fold(engine, log)
    # Somebody puts everything back, but for the letters.
    await execute(
        engine,
        update(checkpoints).values(next_offset=0, views=0, events=0),
        hourly_views.delete(),
        producer_positions.delete(),
    )
    await fold(engine, log)
    assert await totals(engine) == (2, 1, 1)
    assert list(await letters(engine)) == [0]


async def test_a_reason_can_be_kept_whatever_is_quoted_in_it(other_encoding: AsyncEngine) -> None:
    store = SqlProjectionStore(other_encoding, now_ms)
    checkpoint = (await store.claim(ONE, Epoch(1))).checkpoint
    delta = project([Entry(Offset(0), "\x00 ⛔".encode())])
    (letter,) = delta.dead_letters
    odd = type(letter)(letter.offset, "no \x00, no ⛔, no \udc80", letter.body)
    await store.apply(checkpoint, Delta(dead_letters=[odd], next_offset=Offset(1)))
    assert await letters(other_encoding) == {0: "no \\0, no \\u26d4, no \\udc80"}


async def test_what_passes_by_itself_is_neither() -> None:
    closed = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/x")
    with pytest.raises(StoreUnavailable) as raised:
        await SqlProjectionStore(closed, now_ms).claim(ONE, Epoch(1))
    assert type(raised.value) is StoreUnavailable
    await closed.dispose()
