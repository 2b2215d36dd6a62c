"""What the sums of dimensions are made of: by site and value, in the words of each database."""

from sqlalchemy import Dialect, TextClause

from domain.calendar import days_in
from domain.dimensions import Dimension
from rows.aggregates.sums import change, day_of_month, differs, with_bounds

KEY = "site, value, agent"

_SUMS = """
    INSERT INTO dimension_months AS sums (generation, dimension, month, {key}, {columns})
    SELECT :generation, {dimension}, {month}, {key}, {sums}
    FROM {seen}
    GROUP BY {key} ORDER BY {key}
    ON CONFLICT (generation, dimension, month, {key}) DO UPDATE SET {changes} WHERE {differ}
"""
_SEEN = """
    (SELECT {key}, {day} AS day, views
     FROM dimension_views
     WHERE generation = :generation AND dimension = {dimension} {sites}
       AND view_hour >= :first AND view_hour <= :last
    ) AS seen WHERE day IN ({days})
"""
# In the key the site stands before the hour: from site to site instead of reading all hours.
_EVERY_SITE = """
    AND site IN (
        WITH RECURSIVE hops (site) AS (
            SELECT min(site) FROM dimension_views
            WHERE generation = :generation AND dimension = {dimension}
            UNION ALL
            SELECT (SELECT min(site) FROM dimension_views
                    WHERE generation = :generation AND dimension = {dimension}
                      AND site > hops.site)
            FROM hops WHERE hops.site IS NOT NULL
        )
        SELECT site FROM hops WHERE site IS NOT NULL
    )
"""
_THESE_SITES = "AND site IN (SELECT value FROM json_each(:names))"


def value_sums(
    dialect: Dialect, month: int, days: int, dimension: Dimension, *, of_sites: bool = False
) -> TextClause:
    """Sets the columns of these days; a row is touched only where one of them changes.

    It takes `bounds`, and where it is `of_sites` (SQLite) theirs as JSON: `names`.
    """
    names = {f"d{day:02}": day - 1 for day in days_in(days)}
    return with_bounds(
        _SUMS.format(
            key=KEY,
            dimension=dimension.value,
            month=month,
            columns=", ".join(names),
            sums=", ".join(
                f"CAST(sum(views) FILTER (WHERE day = {day}) AS bigint)" for day in names.values()
            ),
            seen=seen_values(dialect, month, days, dimension, of_sites=of_sites),
            changes=", ".join(change(name) for name in names),
            differ=" OR ".join(differs(dialect, name) for name in names),
        )
    )


def seen_values(
    dialect: Dialect, month: int, days: int, dimension: Dimension, *, of_sites: bool = False
) -> str:
    """The hourly rows of these days as a table with `day` (of the month, from 0), up to its last
    condition.
    """
    sites = _THESE_SITES if of_sites else _EVERY_SITE.format(dimension=dimension.value)
    return _SEEN.format(
        key=KEY,
        dimension=dimension.value,
        sites=sites,
        day=day_of_month(dialect, month),
        days=", ".join(str(day - 1) for day in days_in(days)),
    )
