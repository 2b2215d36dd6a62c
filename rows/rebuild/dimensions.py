"""What is counted beside pages, in two generations: carried over, and compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    SmallInteger,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from domain.agents.classes import Agent
from domain.dimensions import Dimension, DimensionKey
from domain.events import Generation, Hour
from domain.generations import DimensionDifference
from domain.page_rules import PageRules
from rows.rebuild.differing import find_differing
from rows.rebuild.sides import BESIDE, Sides
from rows.rollups import DIMENSIONS
from rows.tables import HOUR, dimension_views, generations

LARGEST = 20

_NAMED = "CREATE TEMPORARY TABLE named_sites (site text PRIMARY KEY, name text NOT NULL)"
_COPY = DIMENSIONS.sql(
    """
    INSERT INTO {table} ({columns})
    SELECT :generation, {named}, sum({sum})
    FROM {table} AS copied LEFT JOIN named_sites ON named_sites.site = copied.site
    WHERE generation = :live AND {time} >= :first AND {time} <= :last
    GROUP BY {named}
    """,
    named=", ".join(
        "coalesce(named_sites.name, copied.site)" if key == "site" else f"copied.{key}"
        for key in DIMENSIONS.keys
    ),
)
_LARGEST = """
    SELECT dimension, site, view_hour, value, agent, old_views, new_views FROM differing_beside
    ORDER BY abs(new_views - old_views) DESC, dimension, site, view_hour, value, agent LIMIT :most
"""
_AHEAD = Table(
    "ahead_beside",
    MetaData(),
    Column("dimension", SmallInteger),
    Column("site", Text),
    Column("view_hour", HOUR),
    Column("value", Text),
    Column("agent", SmallInteger),
    Column("new_views", BigInteger),
    Column("old_views", BigInteger),
    prefixes=["TEMPORARY"],
)


async def carry_dimensions(
    connection: AsyncConnection,
    live: Generation,
    generation: Generation,
    hours: Sequence[Hour],
    rules: PageRules,
) -> None:
    """Copy the rows of these hours, by the sites that `rules` make of them.

    Where two sites become one, an hour may have more values than the fold would have let in.
    """
    await connection.exec_driver_sql(_NAMED)
    sites = await connection.execute(
        select(dimension_views.c.site).where(dimension_views.c.generation == live).distinct()
    )
    names = {site: rules.apply(site) for site in sites.scalars()} if rules else {}
    rows = [{"site": site, "name": name} for site, name in names.items() if name != site]
    if rows:
        await connection.execute(text("INSERT INTO named_sites VALUES (:site, :name)"), rows)
    copy = text(_COPY).bindparams(bindparam("first", type_=HOUR), bindparam("last", type_=HOUR))
    bounds = {"first": hours[0], "last": hours[-1]}
    await connection.execute(copy, {"generation": generation, "live": live, **bounds})
    await connection.exec_driver_sql("DROP TABLE named_sites")
    total = select(func.coalesce(func.sum(dimension_views.c.views), 0)).where(
        dimension_views.c.generation == generation
    )
    await connection.execute(
        update(generations)
        .where(generations.c.generation == generation)
        .values(carried_dimension_views=int((await connection.execute(total)).scalar_one()))
    )


async def create_ahead(connection: AsyncConnection) -> None:
    """The temporary table `ahead_beside`."""
    await connection.execute(CreateTable(_AHEAD))


async def fill_ahead_beside(
    connection: AsyncConnection, rows: Mapping[DimensionKey, int], *, is_new: bool
) -> None:
    """What one side has folded more than the other, of what it will count in."""
    side, other = ("new_views", "old_views") if is_new else ("old_views", "new_views")
    values = [
        {
            "dimension": key.dimension,
            "site": key.site,
            "view_hour": key.hour,
            "value": key.value,
            "agent": key.agent,
            side: views,
            other: 0,
        }
        for key, views in rows.items()
    ]
    if values:
        await connection.execute(insert(_AHEAD), values)


async def dimensions_differing(
    connection: AsyncConnection, sides: Sides
) -> tuple[int, Sequence[DimensionDifference]]:
    """How many values of a site and hour differ, and the largest differences."""
    await find_differing(connection, BESIDE, sides)
    number = await connection.execute(text("SELECT count(*) FROM differing_beside"))
    largest = await connection.execute(text(_LARGEST).columns(view_hour=HOUR), {"most": LARGEST})
    return number.scalar_one(), [_difference(row, sides.by_class) for row in largest]


def _difference(row: Any, by_class: bool) -> DimensionDifference:
    return DimensionDifference(
        Dimension(row.dimension),
        row.site,
        Hour(row.view_hour),
        row.value,
        int(row.old_views),
        int(row.new_views),
        Agent(row.agent) if by_class else None,
    )
