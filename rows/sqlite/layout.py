"""SQLite: the rows of all generations lie in one table."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.counting import RowKey
from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from rows.database import transaction
from rows.rollups import HOURLY
from rows.sqlite.expiry import ExpiryByPage

# Rows a transaction deletes, so that others get their turn.
_CHUNK_ROWS = 10_000
_CHUNK_PAUSE_SECONDS = 0.02
# A sum over 64 bits would become a float without a word; NULL is refused.
_UPSERT = HOURLY.sql(
    """
    INSERT INTO {table} ({columns}) VALUES ({marks})
    ON CONFLICT (generation, {keys}) DO UPDATE SET {sum} = CASE
        WHEN {sum} <= 9223372036854775807 - excluded.{sum} THEN {sum} + excluded.{sum} END
    """,
    marks=", ".join("?" for _ in HOURLY.columns),
)
_DELETE_CHUNK = HOURLY.sql("""
    DELETE FROM {table} WHERE (generation, {keys}) IN (
        SELECT generation, {keys} FROM {table} WHERE generation = :generation LIMIT :rows
    )
""")
_TOTAL = HOURLY.sql("SELECT coalesce(sum({sum}), 0) FROM {table} WHERE generation = :generation")


class LayoutInOneTable:
    """Nothing needs to be there before rows come, and there is no quicker way to load them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.expiry = ExpiryByPage(engine)

    async def create(self, connection: AsyncConnection, generation: Generation) -> None:
        """Nothing."""

    async def prepare(
        self, generation: Generation, hours: Iterable[Hour], *, loading: bool = False
    ) -> None:
        """Nothing."""

    def misplaced(self, error: StoreUnavailable) -> bool:
        """Never."""
        return False

    async def add(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """Row by row, in their order in the table."""
        values = [(generation, *key, rows[key]) for key in sorted(rows)]
        await connection.exec_driver_sql(_UPSERT, values)

    async def load(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """The ordinary way."""
        await self.add(connection, generation, rows)

    async def finish(self, generation: Generation) -> None:
        """Nothing."""

    async def targets(
        self, connection: AsyncConnection, generation: Generation, hours: Sequence[Hour]
    ) -> Sequence[tuple[str, Hour, Hour]]:
        """The one table."""
        return [(HOURLY.table.name, hours[0], Hour(hours[-1] + 1))] if hours else []

    async def views(self, connection: AsyncConnection, generation: Generation) -> int:
        """A sum over the generation's rows."""
        total = await connection.execute(text(_TOTAL), {"generation": generation})
        return int(total.scalar_one())

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        """The one table always stands."""
        yield

    async def remove(self, generation: Generation) -> None:
        """Some rows at a time."""
        values = {"generation": generation, "rows": _CHUNK_ROWS}
        while True:
            async with transaction(self._engine) as connection:
                deleted = await connection.execute(text(_DELETE_CHUNK), values)
            if not deleted.rowcount:
                return
            await asyncio.sleep(_CHUNK_PAUSE_SECONDS)

    async def fill_ahead(
        self, connection: AsyncConnection, rows: Sequence[tuple[str, Hour, int, int, int]]
    ) -> None:
        """Row by row."""
        await connection.exec_driver_sql("INSERT INTO ahead VALUES (?, ?, ?, ?, ?)", list(rows))
