"""GET /stats/bounds: how much there is."""

from domain.events import Hour
from domain.hours import as_iso
from domain.ports.stats import StatsReader
from domain.stats.answers import Series, Standing
from domain.stats.selection import EVERYTHING
from read_api.stats.shapes import Bounds, Question
from read_api.stats.snapshots import as_it_stands
from read_api.stats.telling import horizon_text


async def read_bounds(reader: StatsReader) -> Bounds:
    """Of all rows."""
    found = await reader.bounds()

    async def total(_: Standing) -> Series:
        return await reader.series(EVERYTHING, [[first, end]])

    first = Hour(0) if found.first is None else found.first
    end = first if found.last is None else Hour(found.last + 1)
    ((views,),) = (await as_it_stands(reader, total)).views
    nothing = found.first is None
    return Bounds(
        question=Question(
            selection={},
            from_=None if nothing else as_iso(first),
            to=None if nothing else as_iso(end),
            unit=None,
            tz="UTC",
        ),
        total=views,
        generation=found.standing.generation,
        notes=[],
        first=None if nothing else as_iso(first),
        last=None if found.last is None else as_iso(found.last),
        horizon=horizon_text(found.standing.horizon),
        pages=found.pages,
        sites=found.sites,
        rows=found.rows,
    )
