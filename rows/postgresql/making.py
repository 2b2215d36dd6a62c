"""Months are made as they are met."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Generation, Hour
from domain.hours import to_datetime
from rows.conflicts import again
from rows.database import MONTHS_LOCK, NOT_ALLOWED, alone, state_of, transaction
from rows.postgresql.months import KEY, Month, month_name, month_of, months, parent_name
from rows.postgresql.places import attach, structure_held
from rows.postgresql.schema import exists, placement, schema_of

# Made in one transaction: each holds a few locks until it ends.
_AT_ONCE = 25


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
                await connection.exec_driver_sql(
                    f"ALTER TABLE {parent} DETACH PARTITION {schema}.{name} FINALIZE"
                )
            if found != "attached":
                await attach(connection, generation, month)

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
        await connection.exec_driver_sql(
            f"CREATE TABLE {schema}.{name} (LIKE {parent} INCLUDING DEFAULTS)"
        )
        if not self._loading:
            await connection.exec_driver_sql(f"ALTER TABLE {schema}.{name} ADD PRIMARY KEY ({KEY})")
            await attach(connection, generation, month)


def _not_made(month: Month) -> str:
    name = f"{month[0]:04}-{month[1]:02}"
    return (
        f"the database: there is no table for the views of {name}, and this role may make none: "
        f"run footfall migrate --since {name} as the owner of the tables (docs/postgresql.md)"
    )
