"""Which pages of strangers were known where the log begins, as the live generation knows it."""

from collections.abc import Mapping

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Generation, Hour, Partition
from domain.guarding import KNOWN_HOURS
from domain.page_rules import PageRules
from domain.stats.selection import site_of
from rows.live import LIVE, read_horizon
from rows.retention.beside import KNOWN_BEYOND_HOURS
from rows.tables import new_pages

_NAMED = """
    CREATE TEMPORARY TABLE known_names
    (page text PRIMARY KEY, name text NOT NULL, site text NOT NULL)
"""
# What was known then is seen again within the hours that it is known for, or not until it is new:
# as if it had been counted in that hour, then.
_COPY = """
    INSERT INTO new_pages (generation, partition, page, first_hour, last_hour, site)
    SELECT :generation, partition, coalesce(named.name, known.page), first_hour,
           max(CASE WHEN last_hour < :hour THEN last_hour ELSE :hour END),
           coalesce(named.site, known.site)
    FROM new_pages AS known LEFT JOIN known_names AS named ON named.page = known.page
    WHERE generation = :live AND partition = :partition AND first_hour <= :hour
    GROUP BY partition, coalesce(named.name, known.page), first_hour,
             coalesce(named.site, known.site)
"""


async def carry_known(
    connection: AsyncConnection,
    generation: Generation,
    rules: PageRules,
    begun: Mapping[Partition, Hour],
) -> None:
    """Pages that were known in the hour `begun`, by the names that `rules` give them.

    Of a log that reaches back further than what is remembered, those of the first hour in which all
    are: whatever was recorded before it is of hours that no report shows.
    """
    if not begun:
        return
    remembered = await read_horizon(connection) - KNOWN_BEYOND_HOURS + KNOWN_HOURS
    live = Generation((await connection.execute(select(LIVE))).scalar_one())
    await connection.exec_driver_sql(_NAMED)
    if rules:
        await _name(connection, live, rules)
    for partition, hour in sorted(begun.items()):
        values = {"generation": generation, "live": live, "partition": partition}
        values["hour"] = max(hour, remembered)
        await connection.execute(text(_COPY), values)
    await connection.exec_driver_sql("DROP TABLE known_names")


async def _name(connection: AsyncConnection, live: Generation, rules: PageRules) -> None:
    pages = await connection.execute(
        select(new_pages.c.page).where(new_pages.c.generation == live).distinct()
    )
    rows = [
        {"page": page, "name": name, "site": site_of(name)}
        for page in pages.scalars()
        if (name := rules.apply(page)) != page
    ]
    if rows:
        statement = text("INSERT INTO known_names VALUES (:page, :name, :site)")
        await connection.execute(statement, rows)
