"""The months of a generation that was loaded in bulk become proper ones."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation
from rows.database import STRUCTURE_LOCK, alone, database_errors, transaction
from rows.postgresql.months import KEY, Month, month_name, months, parent_name
from rows.postgresql.places import attach
from rows.postgresql.schema import attached, schema_of
from rows.rollups import HOURLY

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
                await _run(connection, f"ALTER TABLE {table} ADD PRIMARY KEY ({KEY})")
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
        await _run(connection, f"ALTER TABLE {table}_merged ADD PRIMARY KEY ({KEY})")
        await _run(connection, f"ALTER TABLE {table}_merged ALTER {HOURLY.sum} SET NOT NULL")
        await _run(connection, f"DROP TABLE {table}")
        await _run(connection, f"ALTER TABLE {table}_merged RENAME TO {name}")
        await _run(connection, f"ALTER INDEX {table}_merged_pkey RENAME TO {name}_pkey")
        await attach(connection, generation, month)


async def _locked(connection: AsyncConnection) -> None:
    await alone(connection, STRUCTURE_LOCK)
    # For the one statement that sorts or hashes all rows of a month.
    await _run(connection, "SET LOCAL maintenance_work_mem = '256MB'")
    await _run(connection, "SET LOCAL work_mem = '64MB'")
    await _run(connection, "SET LOCAL statement_timeout = 0")


async def _run(connection: AsyncConnection, statement: str) -> None:
    await connection.exec_driver_sql(statement)
