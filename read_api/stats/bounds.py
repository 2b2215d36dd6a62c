"""GET /stats/bounds: how much there is."""

from domain.events import Hour
from domain.hours import as_iso
from domain.ports.stats import StatsReader
from domain.stats.selection import EVERYTHING
from read_api.stats.shapes import Bounds, Question
from read_api.stats.snapshots import Told
from read_api.stats.telling import horizon_text, told_standing


async def read_bounds(reader: StatsReader) -> Told:
    """Of all rows."""
    found = await reader.bounds()
    first = Hour(0) if found.first is None else found.first
    end = first if found.last is None else Hour(found.last + 1)
    series = await reader.series(EVERYTHING, [[first, end]])
    ((views,),) = series.views
    standing = found.standing.with_(series.standing)
    nothing = found.first is None
    answer = Bounds(
        question=Question(
            selection={},
            from_=None if nothing else as_iso(first),
            to=None if nothing else as_iso(end),
            unit=None,
            tz="UTC",
        ),
        total=views,
        **told_standing(standing),
        notes=[],
        first=None if nothing else as_iso(first),
        last=None if found.last is None else as_iso(found.last),
        horizon=horizon_text(found.standing.horizon),
        pages=found.pages,
        sites=found.sites,
        rows=found.rows,
    )
    return Told(answer, standing)
