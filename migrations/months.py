"""The monthly partitions of the rows' table in PostgreSQL, made as they are met."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.events import Generation, Hour
from domain.hours import to_datetime
from migrations.database import transaction

# One partition for all that is older: a client with a broken clock must not be able to make
# the planner look at thousands of tables.
FIRST_MONTH = (1990, 1)
_LOCK = 0x_F007_0002

Month = tuple[int, int]


class MonthPartitions:
    """Creates what a flush needs before its transaction; remembers what exists."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._known: set[tuple[Generation, Month]] = set()

    async def ensure(self, generation: Generation, hours: Iterable[Hour]) -> None:
        """Partitions for `hours` exist when this returns."""
        months = {month_of(to_datetime(hour)) for hour in hours}
        for month in sorted(months):
            if (generation, month) not in self._known:
                await self._create(generation, month)
                self._known.add((generation, month))

    def forget(self) -> None:
        """Partitions may have been dropped: look again."""
        self._known.clear()

    async def _create(self, generation: Generation, month: Month) -> None:
        async with transaction(self._engine) as connection:
            parent = f"hourly_views_g{generation}"
            name = f"{parent}_{month[0]:04}_{month[1]:02}"
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if await _exists(connection, name):
                return
            # A table of its own first, attached after: creating it as a partition would lock
            # the whole parent against readers.
            await connection.execute(
                text(f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS)")
            )
            await connection.execute(
                text(f"ALTER TABLE {name} ADD PRIMARY KEY (generation, page, view_hour, shard)")
            )
            bounds = f"FROM ({_lower(month)}) TO ('{_start(_after(month))}')"
            await connection.execute(
                text(f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES {bounds}")
            )


def month_of(moment: datetime) -> Month:
    """The month whose partition holds `moment`; all before 1990 shares one."""
    return max((moment.year, moment.month), (FIRST_MONTH[0] - 1, 12))


def _after(month: Month) -> Month:
    return (month[0] + 1, 1) if month[1] == 12 else (month[0], month[1] + 1)


def _start(month: Month) -> str:
    return datetime(month[0], month[1], 1, tzinfo=UTC).isoformat()


def _lower(month: Month) -> str:
    return "MINVALUE" if month < FIRST_MONTH else f"'{_start(month)}'"


async def _exists(connection: AsyncConnection, name: str) -> bool:
    # Not to_regclass: it may answer from a cache filled before the lock was ours.
    statement = "SELECT count(*) FROM pg_class WHERE relname = :name"
    found = await connection.execute(text(statement), {"name": name})
    return bool(found.scalar_one())
