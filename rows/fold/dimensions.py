"""What a flush adds beside pages, by the values that are counted by their own names.

Of a partition only whoever holds its checkpoint writes here, so that what is read stands until what
follows from it is written.
"""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.dimensions import Dimension, DimensionKey, Place, Values
from domain.events import Generation, Hour, Partition
from domain.hours import from_datetime, to_datetime
from rows.database import is_postgresql
from rows.rollups import DIMENSIONS

_KNOWN_IN_POSTGRESQL = DIMENSIONS.sql("""
    SELECT DISTINCT dimension, site, {time} AS hour, value
    FROM unnest($3::smallint[], $4::text[], $5::timestamptz[]) AS wanted (dimension, site, {time})
    JOIN {table} USING (dimension, site, {time})
    WHERE generation = $1 AND partition = $2
""")
# The wanted first, whatever the planner believes of their number.
_KNOWN_IN_SQLITE = DIMENSIONS.sql("""
    SELECT DISTINCT dimension, site, {time} AS hour, known.value
    FROM json_each(?3) AS wanted CROSS JOIN {table} AS known
    WHERE generation = ?1 AND partition = ?2
      AND dimension = json_extract(wanted.value, '$[0]')
      AND site = json_extract(wanted.value, '$[1]')
      AND {time} = json_extract(wanted.value, '$[2]')
""")
_ADD_IN_POSTGRESQL = DIMENSIONS.sql("""
    INSERT INTO {table} AS existing ({columns})
    SELECT $1, dimension, site, {time}, $2, value, agent, {sum}
    FROM unnest($3::smallint[], $4::text[], $5::timestamptz[], $6::text[], $7::smallint[],
                $8::bigint[]) AS delta (dimension, site, {time}, value, agent, {sum})
    ON CONFLICT (generation, {keys}) DO UPDATE SET {sum} = existing.{sum} + excluded.{sum}
""")
_ADD_IN_SQLITE = DIMENSIONS.sql(
    """
    INSERT INTO {table} ({columns}) VALUES ({marks})
    ON CONFLICT (generation, {keys}) DO UPDATE SET {sum} = {sum} + excluded.{sum}
    """,
    marks=", ".join("?" for _ in DIMENSIONS.columns),
)

Rows = Mapping[DimensionKey, int]


async def admitted(
    connection: AsyncConnection,
    generation: Generation,
    partition: Partition,
    gathered: Rows,
    values: Values,
) -> dict[DimensionKey, int]:
    """What was gathered by the names that it is counted by, on top of the rows and `values`."""
    if wanted := values.unknown(gathered):
        known = await _known(connection, generation, partition, wanted)
        values.learn({place: known.get(place, ()) for place in wanted})
    return values.admit(gathered)


async def add_dimensions(
    connection: AsyncConnection, generation: Generation, partition: Partition, rows: Rows
) -> None:
    """Views are added to those that stand there, in the order of their keys."""
    ordered = sorted(rows.items())
    if is_postgresql(connection.dialect):
        columns = (
            [key.dimension for key, _ in ordered],
            [key.site for key, _ in ordered],
            [to_datetime(key.hour) for key, _ in ordered],
            [key.value for key, _ in ordered],
            [key.agent for key, _ in ordered],
            [views for _, views in ordered],
        )
        await connection.exec_driver_sql(_ADD_IN_POSTGRESQL, (generation, partition, *columns))
    else:
        found = [
            (generation, key.dimension, key.site, key.hour, partition, key.value, key.agent, views)
            for key, views in ordered
        ]
        await connection.exec_driver_sql(_ADD_IN_SQLITE, found)


async def _known(
    connection: AsyncConnection,
    generation: Generation,
    partition: Partition,
    wanted: Sequence[Place],
) -> dict[Place, set[str]]:
    """The values that have rows in these places."""
    if is_postgresql(connection.dialect):
        columns = (
            [place.dimension for place in wanted],
            [place.site for place in wanted],
            [to_datetime(place.hour) for place in wanted],
        )
        rows = await connection.exec_driver_sql(
            _KNOWN_IN_POSTGRESQL, (generation, partition, *columns)
        )
    else:
        places = json.dumps(wanted, ensure_ascii=False)
        rows = await connection.exec_driver_sql(_KNOWN_IN_SQLITE, (generation, partition, places))
    found: dict[Place, set[str]] = {}
    for row in rows:
        hour = row.hour if isinstance(row.hour, int) else from_datetime(row.hour)
        place = Place(Dimension(row.dimension), row.site, Hour(hour))
        found.setdefault(place, set()).add(row.value)
    return found
