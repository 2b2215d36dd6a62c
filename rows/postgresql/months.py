"""The tables below the rows' table in PostgreSQL: one a generation, and in it one a month.

hourly_views (by generation) ── hourly_views_g3 (by month) ── hourly_views_g3_2025_07

Months are made as they are met (`making`). A generation that is bulk-loaded has its months as loose
heaps without an index; `merging` makes proper ones of them. `places` hangs them up and takes them
out.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Generation
from rows.postgresql.schema import IN_SCHEMA, schema_of
from rows.rollups import HOURLY

# One partition for all that is older: a client with a broken clock must not be able to make
# the planner look at thousands of tables.
FIRST_MONTH = (1990, 1)
# The last that a datetime can hold; there is no first moment after it.
LAST_MONTH = (9999, 12)
LEAST = datetime.min.replace(tzinfo=UTC)
"""The first moment there is; the driver writes it as one before all others, and reads it so."""
# The generation, the same in all of a table, last: sorting compares what differs first.
KEY = HOURLY.sql("{keys}, generation")

Month = tuple[int, int]


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
    await connection.exec_driver_sql(
        f"CREATE TABLE {name} (LIKE {schema}.{HOURLY.table.name} INCLUDING DEFAULTS) "
        f"PARTITION BY RANGE ({HOURLY.time})",
    )
    await connection.exec_driver_sql(f"ALTER TABLE {name} ADD PRIMARY KEY ({KEY})")


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
