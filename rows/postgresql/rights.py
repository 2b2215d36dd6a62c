"""What a role may do with the rows, and how far the months are made for one that makes none."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Generation
from rows.postgresql import months
from rows.postgresql.months import Month
from rows.postgresql.schema import IN_SCHEMA
from rows.tables import metadata

WRITING = ("SELECT", "INSERT", "UPDATE", "DELETE")
# A projector needs the month that begins next long before somebody looks again.
FEWEST_AHEAD = 2

_MISSING = f"""
    SELECT wanted, relname FROM pg_class, unnest(CAST(:rights AS text[])) AS wanted
    WHERE relname = ANY(:tables) AND {IN_SCHEMA} AND NOT has_table_privilege(pg_class.oid, wanted)
    ORDER BY wanted, relname
"""
_MAKER = f"""
    SELECT quote_ident(current_user::text) AS role, relowner::regrole::text AS owner,
           relnamespace::regnamespace::text AS schema,
           pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE') AS makes
    FROM pg_class WHERE relname = 'hourly_views' AND {IN_SCHEMA}
"""


class Rights(Struct, frozen=True):
    """Of `role`: what it lacks, by right the tables; whether it `makes` tables as their `owner`.

    `last` is the end of the months that are there from this one on without a gap, None where not
    even this one is; `enough` says whether that will do for a while.
    """

    role: str
    owner: str
    schema: str
    makes: bool
    missing: Mapping[str, list[str]]
    last: Month | None
    enough: bool


async def rights_of(connection: AsyncConnection, live: Generation, now_ms: int) -> Rights:
    """Of whoever is connected."""
    maker = (await connection.execute(text(_MAKER))).one()
    wanted = {"rights": list(WRITING), "tables": [table.name for table in metadata.sorted_tables]}
    missing: dict[str, list[str]] = {}
    for right, table in await connection.execute(text(_MISSING), wanted):
        missing.setdefault(right, []).append(table)
    there = set(await months.months(connection, live))
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    ahead = unbroken((now.year, now.month), there)
    return Rights(
        role=maker.role,
        owner=maker.owner,
        schema=maker.schema,
        makes=maker.makes,
        missing=missing,
        last=ahead[-1] if ahead else None,
        enough=len(ahead) > FEWEST_AHEAD,
    )


def unbroken(first: Month, there: Iterable[Month]) -> list[Month]:
    """The months from `first` on up to the first that is missing."""
    known, found = {*there}, []
    while first in known:
        found.append(first)
        first = months.after(first)
    return found
