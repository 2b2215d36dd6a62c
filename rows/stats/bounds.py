"""How much there is."""

from sqlalchemy import BigInteger, cast, func, null, select, union_all

from domain.agents.classes import Agent
from domain.events import Hour
from domain.stats.answers import Bounds
from domain.stats.parts import SiteParts
from domain.stats.selection import EVERYTHING
from rows.stats.counted import by_hour
from rows.stats.ends import ALWAYS, ends_of_hours, first_of_days, last_of_days
from rows.stats.named import by_page, by_site
from rows.stats.names import SiteOf
from rows.stats.rolled import of_pages, of_sites, read_rolled
from rows.stats.snapshot import Snapshot
from rows.stats.spans import sites as spans_of_sites
from rows.stats.spans import spans
from rows.tables import HOUR

_NO_HOUR = cast(null(), HOUR)


async def read_bounds(
    snapshot: Snapshot, agent: Agent | None, sites: frozenset[str] | None
) -> Bounds:
    """`StatsReader.bounds`: hourly rows are counted, and read where nothing is rolled up."""
    rolled = await read_rolled(snapshot, [ALWAYS])
    selection = EVERYTHING._replace(agent=agent, sites=sites)
    everything = spans(selection, snapshot.rules)
    pages = by_page(snapshot, everything, agent, [of_pages(snapshot, [ALWAYS], rolled)]).c
    ((number, number_of_sites, total),) = await snapshot.rows(
        select(
            func.count(), func.count(SiteOf(pages.name).distinct()), func.sum(pages.views)
        ).where(pages.views > 0)
    )
    parts = of_sites(snapshot, [ALWAYS], rolled)
    ends = [
        *await first_of_days(snapshot, parts, selection),
        *await last_of_days(snapshot, parts, selection),
        *await ends_of_hours(snapshot, parts.hours, selection),
    ]
    stored = await snapshot.rows(
        select(func.count()).select_from(by_hour(snapshot, everything, agent, ALWAYS))
    )
    first, last = min(ends, default=None), max(ends, default=None)
    return Bounds(
        snapshot.standing, first, last, number, number_of_sites, stored[0][0], int(total or 0)
    )


async def read_ends(
    snapshot: Snapshot, agent: Agent | None, sites: frozenset[str] | None
) -> Bounds:
    """The same without pages and rows: of sums by site, and one look at the hours without sums."""
    rolled = await read_rolled(snapshot, [ALWAYS])
    selection = EVERYTHING._replace(agent=agent, sites=sites)
    everything = spans(selection, snapshot.rules)
    parts = of_sites(snapshot, [ALWAYS], rolled)
    days = by_site(
        snapshot,
        spans_of_sites(selection, snapshot.rules) or (),
        everything,
        agent,
        [SiteParts(parts.days)],
    ).c
    left = by_hour(snapshot, everything, agent, *parts.hours).c
    site = SiteOf(left.page)
    found = union_all(
        select(days.name, days.views, _NO_HOUR.label("first"), _NO_HOUR.label("last")),
        # By site, as the other half is: few rows are left of many.
        select(
            site.label("name"),
            cast(func.sum(left.views), BigInteger).label("views"),
            func.min(left.view_hour).label("first"),
            func.max(left.view_hour).label("last"),
        ).group_by(site),
    ).subquery()
    of = found.c
    ((number, total, first, last),) = await snapshot.rows(
        select(
            func.count(of.name.distinct()),
            func.sum(of.views),
            func.min(of.first),
            func.max(of.last),
        ).where(of.views > 0)
    )
    ends = [
        *await first_of_days(snapshot, parts, selection),
        *await last_of_days(snapshot, parts, selection),
        *(Hour(hour) for hour in (first, last) if hour is not None),
    ]
    return Bounds(
        snapshot.standing,
        min(ends, default=None),
        max(ends, default=None),
        None,
        number,
        None,
        int(total or 0),
    )
