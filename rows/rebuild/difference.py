"""Where two generations differ, in SQL."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agents.classes import Agent
from domain.events import Hour
from domain.generations import Diff, HourDifference
from rows.rebuild.differing import find_differing
from rows.rebuild.sides import PAGES, Sides
from rows.tables import HOUR

LARGEST = 20

_LARGEST = """
    SELECT page, view_hour, agent, old_views, new_views FROM differing
    ORDER BY abs(new_views - old_views) DESC, page, view_hour, agent LIMIT :most
"""


async def difference(connection: AsyncConnection, sides: Sides) -> Diff:
    """New against old by page, `ahead` taken into account."""
    totals = await find_differing(connection, PAGES, sides)
    differing = await connection.execute(text("SELECT count(*) FROM differing"))
    largest = await connection.execute(text(_LARGEST).columns(view_hour=HOUR), {"most": LARGEST})
    return Diff(
        old=sides.old,
        new=sides.new,
        first_hour=sides.first,
        old_rows=totals.old_rows,
        new_rows=totals.new_rows,
        old_views=totals.old_views,
        new_views=totals.new_views,
        differing=differing.scalar_one(),
        largest=[
            HourDifference(
                row.page,
                Hour(row.view_hour),
                int(row.old_views),
                int(row.new_views),
                Agent(row.agent) if sides.by_class else None,
            )
            for row in largest
        ],
        by_class=sides.by_class,
    )
