"""GET /stats/pages, /stats/sites, /stats/sources and /stats/movers: names by their views."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Struct

from domain.dimensions import NONE
from domain.events import Hour
from domain.ports.stats import StatsReader
from domain.stats.answers import Movers as FoundMovers
from domain.stats.answers import Ranked, Ranking, Standing
from domain.stats.comparing import Compare, change
from domain.stats.ranking import After, By, Listing, Order
from domain.stats.units import Range
from read_api.stats.asked import Asked
from read_api.stats.cursors import Question, cursor_of
from read_api.stats.shapes import (
    ComparedRows,
    Mover,
    Movers,
    PageRow,
    Pages,
    SiteRow,
    Sites,
    SourceRow,
    Sources,
)
from read_api.stats.snapshots import Told, as_it_stands
from read_api.stats.telling import (
    compared_note,
    moment,
    notes,
    told_question,
    told_standing,
    waiting_notes,
)
from read_api.stats.trends import parts_of, sums
from read_api.stats.views import comparable, over


class List(Struct, frozen=True):
    """What is asked of a list; `question` is what a cursor is good for."""

    asked: Asked
    by: By
    order: Order
    search: str
    limit: int
    trend: int
    after: After | None
    question: Question


class _Read(NamedTuple):
    """A ranking, the hours it is of, and those it was compared with."""

    ranking: Ranking
    hours: Range
    whole: Range
    before: Range | None
    edges: Sequence[Hour]

    @property
    def standing(self) -> Standing:
        return self.ranking.standing


class _Moved(NamedTuple):
    """Movers, the hours they are of, and those they were compared with."""

    movers: FoundMovers
    hours: Range
    before: Range

    @property
    def standing(self) -> Standing:
        return self.movers.standing


async def read_list(reader: StatsReader, wanted: List) -> Told:
    """A part of the list, with the cursor of the next."""
    asked = wanted.asked
    if asked.compare is None:
        found = await _ranked(reader, wanted, asked.hours, asked.hours, None)
    else:
        shift = asked.shift(asked.compare)

        async def read(standing: Standing) -> _Read:
            whole, before = comparable(asked, shift, standing)
            # A list in the order of changes is of the hours that these are of.
            hours = whole if wanted.order is Order.CHANGE else asked.hours
            return await _ranked(reader, wanted, hours, whole, before)

        found = await as_it_stands(reader, read)
    return Told(_told(wanted, found), found.standing)


async def read_movers(reader: StatsReader, asked: Asked, limit: int) -> Told:
    """The pages that gained and lost most, over hours that can be compared."""
    compare = asked.compare or Compare.PREVIOUS
    shift = asked.shift(compare)

    async def read(standing: Standing) -> _Moved:
        whole, before = comparable(asked, shift, standing)
        listing = Listing(By.PAGE, whole, asked.selection, before, Order.CHANGE, limit=limit)
        return _Moved(await reader.movers(listing), whole, before)

    found = await as_it_stands(reader, read)
    movers, standing = found.movers, found.standing
    answer = Movers(
        question=told_question(asked),
        total=movers.total,
        **told_standing(standing),
        notes=_notes(asked, found.hours, standing),
        risers=list(map(_mover, movers.risers)),
        fallers=list(map(_mover, movers.fallers)),
        compare=_compared(asked, found.hours, found.before, movers.total_before),
    )
    return Told(answer, standing)


async def _ranked(
    reader: StatsReader, wanted: List, hours: Range, whole: Range, before: Range | None
) -> _Read:
    asked = wanted.asked
    edges = parts_of(hours, wanted.trend, asked.zone) if wanted.trend else []
    # What a change is of is asked for with the trend: by its own edges.
    cut = {*edges, *(whole if before else ())}
    listing = Listing(
        wanted.by,
        hours,
        asked.selection,
        before,
        wanted.order,
        wanted.search,
        wanted.limit,
        wanted.after,
        sorted(cut),
    )
    return _Read(await reader.ranking(listing), hours, whole, before, edges)


def _told(wanted: List, found: _Read) -> Pages | Sites | Sources:
    ranking, asked = found.ranking, wanted.asked
    rows = [_row(wanted, found, row, ranking.rank + at) for at, row in enumerate(ranking.rows)]
    standing = ranking.standing
    told_notes = list(notes(asked, standing.horizon))
    if wanted.order is Order.CHANGE:
        told_notes = _notes(asked, found.hours, standing)
    elif found.before is not None:
        told_notes += waiting_notes(asked, standing)
    shared: dict[str, Any] = {
        "question": told_question(asked),
        "total": ranking.total,
        **told_standing(standing),
        "notes": told_notes,
        "next": _next(wanted, ranking),
        "compare": UNSET
        if found.before is None
        else _compared(asked, found.whole, found.before, ranking.total_before),
        "trend": [moment(edge, asked.zone) for edge in found.edges] if wanted.trend else UNSET,
    }
    if wanted.by is By.SITE:
        return Sites(sites=[SiteRow(**row) for row in rows], sites_total=ranking.names, **shared)
    if wanted.by is By.SOURCE:
        return _told_sources(ranking, rows, shared)
    return Pages(pages=[PageRow(**row) for row in rows], pages_total=ranking.names, **shared)


def _told_sources(
    ranking: Ranking, rows: Sequence[dict[str, Any]], shared: dict[str, Any]
) -> Sources:
    assert ranking.coverage is not None
    known, of_views = ranking.coverage.known, ranking.coverage.of_views
    if known < of_views:
        shared["notes"].append(
            f"Where viewers came from is known of {known:,} of {of_views:,} views: the others are "
            "in no row."
        )
    return Sources(
        sources=[SourceRow(direct=row["source"] == NONE, **row) for row in rows],
        sources_total=ranking.names,
        known=known,
        of_views=of_views,
        **shared,
    )


def _row(wanted: List, found: _Read, row: Ranked, rank: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rank": rank,
        wanted.by.value: row.name,
        "views": row.views,
        "share": row.views / found.ranking.total if found.ranking.total else 0.0,
        "change": None,
    }
    edges = sorted({*found.edges, *(found.whole if found.before else ())})
    if found.before is not None:
        (now,) = sums(edges, row.trend, found.whole)
        told |= {"change": change(now, row.before), "before": row.before}
    if wanted.trend:
        told["trend"] = sums(edges, row.trend, found.edges)
    return told


def _next(wanted: List, ranking: Ranking) -> str | None:
    if not ranking.more or not ranking.rows:
        return None
    last = ranking.rows[-1]
    value = {
        Order.VIEWS: last.views,
        Order.CHANGE: last.views - last.before,
        Order.NAME: 0,
    }[wanted.order]
    after = After(ranking.rank + len(ranking.rows) - 1, value, last.name)
    return cursor_of(after, wanted.asked.open_hour, wanted.question)


def _notes(asked: Asked, listed: Range, standing: Standing) -> list[str]:
    note = compared_note(asked, listed)
    found = [*notes(asked, standing.horizon), *([note] if note else [])]
    return [*found, *waiting_notes(asked, standing)]


def _compared(asked: Asked, whole: Range, before: Range, total: int) -> ComparedRows:
    return ComparedRows(
        from_=moment(before.start, asked.zone),
        to=moment(before.end, asked.zone),
        total=total,
        hours=whole.hours,
        of_hours=over(asked),
    )


def _mover(row: Ranked) -> Mover:
    return Mover(
        page=row.name, views=row.views, before=row.before, difference=row.views - row.before
    )
