"""The tables below the rows' table in PostgreSQL: one a generation, and in it one a month.

hourly_views (by generation) ── hourly_views_g3 (by month) ── hourly_views_g3_2025_07

Months are made as they are met. A generation that is bulk-loaded has its months as loose heaps
without an index; `finish` makes proper ones of them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from domain.hours import to_datetime
from rows.conflicts import again
from rows.database import (
    MONTHS_LOCK,
    NOT_ALLOWED,
    STRUCTURE_LOCK,
    alone,
    database_errors,
    lock_key,
    outside_transaction,
    state_of,
    transaction,
)
from rows.postgresql.schema import IN_SCHEMA, attached, exists, placement, schema_of
from rows.rollups import HOURLY

# One partition for all that is older: a client with a broken clock must not be able to make
# the planner look at thousands of tables.
FIRST_MONTH = (1990, 1)
# The last that a datetime can hold; there is no first moment after it.
LAST_MONTH = (9999, 12)
# The generation, the same in all of a table, last: sorting compares what differs first.
_KEY = HOURLY.sql("{keys}, generation")
_MERGED = """
    CREATE TABLE {schema}.{source}_merged AS
    SELECT {generation} AS generation, {keys}, sum({sum})::bigint AS {sum}
    FROM {schema}.{source} GROUP BY {keys}
"""

# Made in one transaction: each holds a few locks until it ends.
_AT_ONCE = 25
_RETRY_SECONDS = 0.1
_DETACH_TRIES = 20

Month = tuple[int, int]


class MonthPartitions:
    """Creates what a flush needs before its transaction; remembers what exists."""

    def __init__(self, engine: AsyncEngine, *, loading: bool = False) -> None:
        self._engine = engine
        self._loading = loading
        self._known: set[tuple[Generation, Month]] = set()

    async def ensure(self, generation: Generation, hours: Iterable[Hour]) -> None:
        """Tables for `hours` exist when this returns."""
        await self.ensure_months(generation, {month_of(to_datetime(hour)) for hour in hours})

    async def ensure_months(self, generation: Generation, wanted: Iterable[Month]) -> None:
        """The same for whole months."""
        unknown = [month for month in sorted(wanted) if (generation, month) not in self._known]
        for start in range(0, len(unknown), _AT_ONCE):
            for month in await self._left(generation, unknown[start : start + _AT_ONCE]):
                try:
                    await self._create(generation, month)
                except StoreUnavailable as error:
                    if state_of(error) != NOT_ALLOWED:
                        raise
                    raise type(error)(_not_made(month)) from error.__cause__
                self._known.add((generation, month))

    async def _left(self, generation: Generation, wanted: Sequence[Month]) -> Sequence[Month]:
        """Of several that are `wanted` those that are there already, or that cannot be made."""
        if len(wanted) == 1:
            return wanted
        try:
            made = await self._create_together(generation, wanted)
        except StoreUnavailable as error:
            if state_of(error) != NOT_ALLOWED:
                raise
            # Which of them it is, shows one by one.
            return wanted
        self._known |= {(generation, month) for month in made}
        return [month for month in wanted if month not in made]

    def forget(self) -> None:
        """Partitions may have been dropped: look again."""
        self._known.clear()

    @again
    async def _create_together(
        self, generation: Generation, wanted: Sequence[Month]
    ) -> Sequence[Month]:
        """Those that are missing, in one transaction: decades come in by one import."""
        async with transaction(self._engine) as connection:
            await alone(connection, MONTHS_LOCK)
            there = {*await months(connection, generation)}
            made = [month for month in wanted if month not in there]
            for month in made:
                await self._make(connection, generation, month)
            return made

    @again
    async def _create(self, generation: Generation, month: Month) -> None:
        name = month_name(generation, month)
        async with transaction(self._engine) as connection:
            if await self._create_missing(connection, generation, month):
                return
            found = await placement(connection, name)
        if self._loading or found == "attached":
            return
        # Retention is about to drop it, or died on the way: when it has let go, the table is
        # gone, or belongs into its place again.
        async with structure_held(self._engine), transaction(self._engine) as connection:
            if await self._create_missing(connection, generation, month):
                return
            found = await placement(connection, name)
            if found == "pending":
                schema = await schema_of(connection)
                parent = f"{schema}.{parent_name(generation)}"
                await _run(
                    connection, f"ALTER TABLE {parent} DETACH PARTITION {schema}.{name} FINALIZE"
                )
            if found != "attached":
                await _attach(connection, generation, month)

    async def _create_missing(
        self, connection: AsyncConnection, generation: Generation, month: Month
    ) -> bool:
        name = month_name(generation, month)
        await alone(connection, MONTHS_LOCK)
        if await exists(connection, name):
            return False
        await self._make(connection, generation, month)
        return True

    async def _make(
        self, connection: AsyncConnection, generation: Generation, month: Month
    ) -> None:
        name = month_name(generation, month)
        schema = await schema_of(connection)
        parent = f"{schema}.{parent_name(generation)}"
        # A table of its own first, attached after: creating it as a partition would lock
        # the whole parent against readers.
        await _run(connection, f"CREATE TABLE {schema}.{name} (LIKE {parent} INCLUDING DEFAULTS)")
        if not self._loading:
            await _run(connection, f"ALTER TABLE {schema}.{name} ADD PRIMARY KEY ({_KEY})")
            await _attach(connection, generation, month)


def _not_made(month: Month) -> str:
    name = f"{month[0]:04}-{month[1]:02}"
    return (
        f"the database: there is no table for the views of {name}, and this role may make none: "
        f"run footfall migrate --since {name} as the owner of the tables (docs/postgresql.md)"
    )


def after(month: Month) -> Month:
    """The month that follows."""
    return (month[0] + 1, 1) if month[1] == 12 else (month[0], month[1] + 1)


def between(first: Month, last: Month) -> list[Month]:
    """All of them, both included."""
    found = [first]
    while found[-1] < last:
        found.append(after(found[-1]))
    return found


def month_of(moment: datetime) -> Month:
    """The month whose partition holds `moment`; all before 1990 shares one."""
    return max((moment.year, moment.month), (FIRST_MONTH[0] - 1, 12))


def month_end(month: Month) -> datetime:
    """The first moment after `month`."""
    if month >= LAST_MONTH:
        return datetime.max.replace(tzinfo=UTC)
    return datetime(*after(month), 1, tzinfo=UTC)


def parent_name(generation: Generation) -> str:
    """The table of a generation."""
    return f"{HOURLY.table.name}_g{generation}"


def month_name(generation: Generation, month: Month) -> str:
    """The table of a month of a generation."""
    return f"{parent_name(generation)}_{month[0]:04}_{month[1]:02}"


async def create_parent(connection: AsyncConnection, generation: Generation) -> None:
    """The table of a new generation, not attached: reports must not plan over it yet."""
    schema = await schema_of(connection)
    name = f"{schema}.{parent_name(generation)}"
    await _run(
        connection,
        f"CREATE TABLE {name} (LIKE {schema}.{HOURLY.table.name} INCLUDING DEFAULTS) "
        f"PARTITION BY RANGE ({HOURLY.time})",
    )
    await _run(connection, f"ALTER TABLE {name} ADD PRIMARY KEY ({_KEY})")


async def months(connection: AsyncConnection, generation: Generation) -> Sequence[Month]:
    """The months that have a table, oldest first, attached or not."""
    found = await connection.execute(
        text(
            f"SELECT relname FROM pg_class WHERE relname LIKE :name AND relkind = 'r' "
            f"AND {IN_SCHEMA}"
        ),
        {"name": f"{parent_name(generation)}\\_%"},
    )
    pattern = re.compile(rf"{parent_name(generation)}_(\d{{4}})_(\d\d)")
    matches = (pattern.fullmatch(name) for name in found.scalars())
    return sorted((int(m[1]), int(m[2])) for m in matches if m is not None)


async def finish(engine: AsyncEngine, generation: Generation) -> None:
    """Give every loose month its key and its place, then the generation its own.

    Repeatable, by more than one at a time.
    """
    async with transaction(engine) as connection:
        loose = [
            month
            for month in await months(connection, generation)
            if not await attached(connection, month_name(generation, month))
        ]
    for month in loose:
        if not await _index(engine, generation, month):
            await _merge(engine, generation, month)
        async with transaction(engine) as connection:
            schema = await schema_of(connection)
            await _run(connection, f"ANALYZE {schema}.{month_name(generation, month)}")
    async with transaction(engine) as connection:
        name = parent_name(generation)
        await _locked(connection)
        if not await attached(connection, name):
            schema = await schema_of(connection)
            await _run(
                connection,
                f"ALTER TABLE {schema}.{HOURLY.table.name} ATTACH PARTITION {schema}.{name} "
                f"FOR VALUES IN ({generation})",
            )


async def detach(
    engine: AsyncEngine, parent: str, name: str, patience_seconds: int | None = None
) -> None:
    """Take a partition out of its table, waiting for its readers but not in their way.

    Repeatable: what an earlier try left half done is finished; a loose table is left as it is.
    Whoever still reads after `patience_seconds` ends the try.
    """
    async with database_errors(), engine.connect() as connection:
        found = await placement(connection, name)
        schema = await schema_of(connection)
        await connection.rollback()
        if found not in ("attached", "pending"):
            return
        how = "FINALIZE" if found == "pending" else "CONCURRENTLY"
        statement = f"ALTER TABLE {schema}.{parent} DETACH PARTITION {schema}.{name} {how}"
        await outside_transaction(connection, statement, patience_seconds)


async def detach_by_any(engine: AsyncEngine, parent: str, name: str) -> None:
    """The same where others may be at it too: whoever is quicker, it is done when this returns."""
    for left in reversed(range(_DETACH_TRIES)):
        try:
            await detach(engine, parent, name)
        except StoreUnavailable:
            async with database_errors(), engine.connect() as connection:
                if await placement(connection, name) not in ("attached", "pending"):
                    return
            if not left:
                raise
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


@asynccontextmanager
async def structure_held(engine: AsyncEngine) -> AsyncIterator[None]:
    """Nobody adds rows up, and no other changes tables with rows, meanwhile."""
    key = lock_key(STRUCTURE_LOCK)
    async with database_errors(), engine.connect() as connection:
        # Between its statements such a transaction has no snapshot, for which the last step of a
        # detachment would wait. Nor is a session's lock held: proxies lend sessions to others.
        await connection.execution_options(isolation_level="READ COMMITTED")
        # Tried again instead of waited for: a statement that waits keeps its snapshot.
        while not await _flag(connection, f"SELECT pg_try_advisory_xact_lock({key})"):
            await connection.rollback()
            await asyncio.sleep(_RETRY_SECONDS)
        await _run(connection, "SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
        await connection.rollback()


async def _index(engine: AsyncEngine, generation: Generation, month: Month) -> bool:
    """The quick way: False where a row was loaded in more than one part."""
    name = month_name(generation, month)
    async with database_errors(), engine.connect() as connection:
        try:
            await _locked(connection)
            if not await attached(connection, name):
                table = f"{await schema_of(connection)}.{name}"
                await _run(connection, f"ALTER TABLE {table} ADD PRIMARY KEY ({_KEY})")
                await _attach(connection, generation, month)
            await connection.commit()
        except IntegrityError:
            await connection.rollback()
            return False
    return True


async def _merge(engine: AsyncEngine, generation: Generation, month: Month) -> None:
    name = month_name(generation, month)
    async with transaction(engine) as connection:
        await _locked(connection)
        if await attached(connection, name):
            return
        schema = await schema_of(connection)
        table = f"{schema}.{name}"
        merged = HOURLY.sql(_MERGED, schema=schema, source=name, generation=str(generation))
        await _run(connection, merged)
        await _run(connection, f"ALTER TABLE {table}_merged ADD PRIMARY KEY ({_KEY})")
        await _run(connection, f"ALTER TABLE {table}_merged ALTER {HOURLY.sum} SET NOT NULL")
        await _run(connection, f"DROP TABLE {table}")
        await _run(connection, f"ALTER TABLE {table}_merged RENAME TO {name}")
        await _run(connection, f"ALTER INDEX {table}_merged_pkey RENAME TO {name}_pkey")
        await _attach(connection, generation, month)


async def _locked(connection: AsyncConnection) -> None:
    await alone(connection, STRUCTURE_LOCK)
    # For the one statement that sorts or hashes all rows of a month.
    await _run(connection, "SET LOCAL maintenance_work_mem = '256MB'")
    await _run(connection, "SET LOCAL work_mem = '64MB'")
    await _run(connection, "SET LOCAL statement_timeout = 0")


async def _attach(connection: AsyncConnection, generation: Generation, month: Month) -> None:
    lower = "MINVALUE" if month < FIRST_MONTH else f"'{_start(month)}'"
    upper = "MAXVALUE" if month >= LAST_MONTH else f"'{month_end(month).isoformat()}'"
    bounds = f"FROM ({lower}) TO ({upper})"
    schema = await schema_of(connection)
    parent = f"{schema}.{parent_name(generation)}"
    name = f"{schema}.{month_name(generation, month)}"
    await _run(connection, f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES {bounds}")


def _start(month: Month) -> str:
    return datetime(month[0], month[1], 1, tzinfo=UTC).isoformat()


async def _run(connection: AsyncConnection, statement: str) -> None:
    await connection.exec_driver_sql(statement)


async def _flag(connection: AsyncConnection, statement: str) -> bool:
    return bool((await connection.execute(text(statement))).scalar_one())
