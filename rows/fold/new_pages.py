"""Which pages of strangers a flush counts by their own names, and which are known from then on.

Of a partition only whoever holds its checkpoint writes here, so that what is read stands until what
follows from it is written.
"""

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.counting import RowKey
from domain.events import Generation, Hour, Partition
from domain.guarding import GuardedRun, Known, Pages, SiteHour
from domain.stats.selection import site_of
from rows.database import is_postgresql

_PAGES_IN_POSTGRESQL = """
    SELECT page, first_hour, last_hour FROM new_pages
    WHERE generation = $1 AND partition = $2 AND page = ANY($3::text[])
"""
_PAGES_IN_SQLITE = """
    SELECT page, first_hour, last_hour
    FROM json_each(?3) AS wanted CROSS JOIN new_pages
    WHERE generation = ?1 AND partition = ?2 AND page = wanted.value
"""
_NEW_IN_POSTGRESQL = """
    SELECT site, first_hour, count(*) AS pages
    FROM unnest($3::text[], $4::integer[]) AS wanted (site, first_hour)
    JOIN new_pages USING (site, first_hour)
    WHERE generation = $1 AND partition = $2
    GROUP BY site, first_hour
"""
_NEW_IN_SQLITE = """
    SELECT site, first_hour, count(*) AS pages
    FROM json_each(?3) AS wanted CROSS JOIN new_pages
    WHERE generation = ?1 AND partition = ?2
      AND site = json_extract(wanted.value, '$[0]')
      AND first_hour = json_extract(wanted.value, '$[1]')
    GROUP BY site, first_hour
"""
_SAVE_IN_POSTGRESQL = """
    INSERT INTO new_pages (generation, partition, page, first_hour, last_hour, site)
    SELECT $1, $2, page, first_hour, last_hour, site
    FROM unnest($3::text[], $4::integer[], $5::integer[], $6::text[])
         AS changed (page, first_hour, last_hour, site)
    ON CONFLICT (generation, partition, page, first_hour) DO UPDATE
    SET last_hour = excluded.last_hour
"""
_SAVE_IN_SQLITE = """
    INSERT INTO new_pages (generation, partition, page, first_hour, last_hour, site)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (generation, partition, page, first_hour) DO UPDATE
    SET last_hour = excluded.last_hour
"""


async def named(
    connection: AsyncConnection,
    generation: Generation,
    partition: Partition,
    runs: Sequence[GuardedRun],
    pages: Pages,
) -> tuple[dict[RowKey, int], int]:
    """`Pages.named` of the runs, on top of what is stored and `pages`, which know it after."""
    if wanted := sorted(pages.unknown(runs)):
        pages.learn(wanted, await _known(connection, generation, partition, wanted))
    if places := sorted(pages.uncounted(runs)):
        pages.learn_new(places, await _new(connection, generation, partition, places))
    return pages.named(runs)


async def save_pages(
    connection: AsyncConnection, generation: Generation, partition: Partition, pages: Pages
) -> None:
    """What has changed of them, in the order of the keys."""
    rows = [(page, first, last, site_of(page)) for (page, first), last in pages.changed.items()]
    rows.sort()
    if is_postgresql(connection.dialect):
        columns = [[row[place] for row in rows] for place in range(4)]
        await connection.exec_driver_sql(_SAVE_IN_POSTGRESQL, (generation, partition, *columns))
    else:
        found = [(generation, partition, *row) for row in rows]
        await connection.exec_driver_sql(_SAVE_IN_SQLITE, found)


async def _known(
    connection: AsyncConnection, generation: Generation, partition: Partition, wanted: Sequence[str]
) -> dict[str, Known]:
    """Each page as it was known last."""
    if is_postgresql(connection.dialect):
        rows = await connection.exec_driver_sql(
            _PAGES_IN_POSTGRESQL, (generation, partition, wanted)
        )
    else:
        names = json.dumps(wanted, ensure_ascii=False)
        rows = await connection.exec_driver_sql(_PAGES_IN_SQLITE, (generation, partition, names))
    found: dict[str, Known] = {}
    for row in rows:
        known = Known(Hour(row.first_hour), Hour(row.last_hour))
        found[row.page] = max(found.get(row.page, known), known, key=lambda each: each.last)
    return found


async def _new(
    connection: AsyncConnection,
    generation: Generation,
    partition: Partition,
    places: Sequence[SiteHour],
) -> dict[SiteHour, int]:
    """How many pages were new in these hours of these sites."""
    if is_postgresql(connection.dialect):
        sites, hours = [place.site for place in places], [place.hour for place in places]
        rows = await connection.exec_driver_sql(
            _NEW_IN_POSTGRESQL, (generation, partition, sites, hours)
        )
    else:
        wanted = json.dumps(places, ensure_ascii=False)
        rows = await connection.exec_driver_sql(_NEW_IN_SQLITE, (generation, partition, wanted))
    return {SiteHour(row.site, Hour(row.first_hour)): row.pages for row in rows}
