"""GET /stats/views: a series, and the one it is compared with."""

from collections.abc import Iterator, Sequence

from domain.events import Hour
from domain.ports.stats import StatsReader
from domain.stats.answers import Series, Standing
from domain.stats.comparing import Shift, change, compared, whole_hours
from domain.stats.units import Buckets, Cut, Range
from read_api.stats.asked import Asked
from read_api.stats.shapes import Bucket, Compared, Views
from read_api.stats.snapshots import Told, as_it_stands
from read_api.stats.telling import (
    moment,
    notes,
    told_buckets,
    told_question,
    told_standing,
    waiting_notes,
)


async def read_views(reader: StatsReader, asked: Asked) -> Told:
    """Raises `RequestRefused` where the buckets are too many."""
    parts = asked.buckets()
    if asked.compare is None:
        series = await reader.series(asked.selection, [parts.edges])
        return Told(_told(asked, parts, series), series.standing)
    shift = asked.shift(asked.compare)
    before = compared(parts.edges, shift)

    async def read(standing: Standing) -> Series:
        whole = comparable(asked, shift, standing)
        return await reader.series(asked.selection, [parts.edges, before, *whole])

    series = await as_it_stands(reader, read)
    told = _told(asked, parts, series)
    told.compare = _compared(asked, shift, before, series)
    told.notes += waiting_notes(asked, series.standing)
    return Told(told, series.standing)


def _told(asked: Asked, parts: Buckets, series: Series) -> Views:
    horizon, views = series.standing.horizon, series.views[0]
    cuts = list(_cuts(parts, horizon))
    told = told_buckets(parts.edges, views, asked.zone, cuts, series.standing.open_hour)
    return Views(
        question=told_question(asked),
        total=sum(views),
        **told_standing(series.standing),
        notes=list(notes(asked, horizon, parts.edges)),
        buckets=told,
        busiest=_busiest(told),
    )


def _busiest(told: Sequence[Bucket]) -> Bucket | None:
    """The first with the most views, None without any."""
    most = max(told, key=lambda bucket: bucket.views, default=None)
    return most if most and most.views else None


def _cuts(parts: Buckets, horizon: Hour) -> Iterator[list[str]]:
    for at, start in enumerate(parts.edges[:-1]):
        first, last = at == 0 and parts.first_cut, at == len(parts) - 1 and parts.last_cut
        by_range = [Cut.RANGE.value] if first or last else []
        yield by_range + ([Cut.HORIZON.value] if start < horizon else [])


def _compared(asked: Asked, shift: Shift, edges: Sequence[Hour], series: Series) -> Compared:
    _, views, (now,), (before,) = series.views
    standing = series.standing
    whole, _ = comparable(asked, shift, standing)
    cuts = list(_cuts(Buckets(list(edges)), standing.horizon))
    return Compared(
        from_=moment(edges[0], asked.zone),
        to=moment(edges[-1], asked.zone),
        total=sum(views),
        change=change(now, before),
        views=now,
        before=before,
        hours=whole.hours,
        of_hours=over(asked),
        buckets=told_buckets(edges, views, asked.zone, cuts, standing.open_hour),
    )


def comparable(asked: Asked, shift: Shift, standing: Standing) -> tuple[Range, Range]:
    """The hours that can be compared, and those they are compared with.

    They are over by the clock, and counted.
    """
    over_and_counted = min(asked.open_hour, standing.open_hour)
    return whole_hours(asked.hours, shift, over_and_counted, standing.horizon)


def over(asked: Asked) -> int:
    """How many hours of the range are over."""
    return Range(asked.hours.start, min(asked.hours.end, asked.open_hour)).hours
