"""The months of a generation that was loaded in bulk become proper ones."""

from math import isqrt

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation
from rows.database import STRUCTURE_LOCK, alone, database_errors, transaction
from rows.postgresql.months import KEY, Month, month_name, months, parent_name
from rows.postgresql.places import attach
from rows.postgresql.schema import attached, schema_of
from rows.rollups import HOURLY

# What PostgreSQL reads of a sorted run at once while it merges.
_READ_KB = 264
_LEAST_KB = 8_192
_MOST_KB = 262_144

_MERGED = """
    CREATE TABLE {schema}.{source}_merged AS
    SELECT {generation} AS generation, {keys}, sum({sum})::bigint AS {sum}
    FROM {schema}.{source} GROUP BY {keys}
"""


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


async def _index(engine: AsyncEngine, generation: Generation, month: Month) -> bool:
    """The quick way: False where a row was loaded in more than one part."""
    name = month_name(generation, month)
    async with database_errors(), engine.connect() as connection:
        try:
            await _locked(connection)
            if not await attached(connection, name):
                table = f"{await schema_of(connection)}.{name}"
                await _add_key(connection, table)
                await attach(connection, generation, month)
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
        await _add_key(connection, f"{table}_merged")
        await _run(connection, f"ALTER TABLE {table}_merged ALTER {HOURLY.sum} SET NOT NULL")
        await _run(connection, f"DROP TABLE {table}")
        await _run(connection, f"ALTER TABLE {table}_merged RENAME TO {name}")
        await _run(connection, f"ALTER INDEX {table}_merged_pkey RENAME TO {name}_pkey")
        await attach(connection, generation, month)


async def _add_key(connection: AsyncConnection, table: str) -> None:
    """Sorted by two, in memory that is small: runs that a processor's cache holds are sorted in two
    thirds of the time.
    """
    size = text("SELECT pg_relation_size(to_regclass(:table)) / 1024")
    memory = sorting_kb(int((await connection.execute(size, {"table": table})).scalar_one()))
    await _run(connection, f"SET LOCAL maintenance_work_mem = '{memory}kB'")
    # Set for the table: the server would take one alone for so little memory.
    await _run(connection, f"ALTER TABLE {table} SET (parallel_workers = 1)")
    await _run(connection, f"ALTER TABLE {table} ADD PRIMARY KEY ({KEY})")
    await _run(connection, f"ALTER TABLE {table} RESET (parallel_workers)")


def sorting_kb(table_kb: int) -> int:
    """The least memory in which runs can be merged at once that are as large each as it is.

    Each of two has half of it and half of the table, and reads a run by as much as `_READ_KB`.
    """
    return min(max(isqrt(2 * _READ_KB * table_kb), _LEAST_KB), _MOST_KB)


async def _locked(connection: AsyncConnection) -> None:
    await alone(connection, STRUCTURE_LOCK)
    # For the one statement that hashes all rows of a month.
    await _run(connection, "SET LOCAL work_mem = '64MB'")
    await _run(connection, "SET LOCAL statement_timeout = 0")


async def _run(connection: AsyncConnection, statement: str) -> None:
    await connection.exec_driver_sql(statement)
