"""Answers as tables: the same rows for CSV, for a JSON object a line, and for people."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET

from read_api.stats.formats import Format, Value, csv_line, json_bytes, ndjson_line
from read_api.stats.shapes import (
    Answer,
    Bounds,
    Bucket,
    HoursOfWeek,
    Movers,
    PageRow,
    Pages,
    SiteRow,
    Sites,
    SourceRow,
    Sources,
    Views,
)

Record = Sequence[Value]


class Table(NamedTuple):
    """Columns and records of as many values."""

    columns: Sequence[str]
    records: Sequence[Record]


def encoded(answer: Answer, wanted: Format) -> bytes:
    """An answer in a format; other than JSON they have its rows and nothing else."""
    if wanted is Format.JSON:
        return json_bytes(answer)
    found = table_of(answer)
    if wanted is Format.CSV:
        return b"".join(map(csv_line, [found.columns, *found.records]))
    return b"".join(ndjson_line(found.columns, record) for record in found.records)


def table_of(answer: Answer) -> Table:
    """The rows of an answer."""
    match answer:
        case Views():
            return _views(answer)
        case Pages():
            return _list("page", answer, [(row.page, row) for row in answer.pages])
        case Sites():
            return _list("site", answer, [(row.site, row) for row in answer.sites])
        case Sources():
            return _list("source", answer, [(row.source, row) for row in answer.sources])
        case Movers():
            columns = ("page", "views", "before", "difference")
            rows = [*answer.risers, *reversed(answer.fallers)]
            records = [(row.page, row.views, row.before, row.difference) for row in rows]
            return Table(columns, records)
        case HoursOfWeek():
            cells = [(cell.weekday, cell.hour, cell.views) for cell in answer.cells]
            return Table(("weekday", "hour", "views"), cells)
        case Bounds():
            hours = (answer.first, answer.last, answer.horizon)
            numbers = (answer.pages, answer.sites, answer.rows, answer.total)
            names = ("first", "last", "horizon", "pages", "sites", "rows", "views")
            return Table(names, [(*hours, *numbers)])
        case _:
            raise TypeError(type(answer))


def _views(answer: Views) -> Table:
    columns: Sequence[str] = ("from", "to", "views", "complete", "cut")
    records: list[Record] = [
        (bucket.from_, bucket.to, bucket.views, bucket.complete, _cut(bucket))
        for bucket in answer.buckets
    ]
    if answer.compare is UNSET:
        return Table(columns, records)
    before = [(bucket.from_, bucket.to, bucket.views) for bucket in answer.compare.buckets]
    return Table(
        (*columns, "before_from", "before_to", "before"),
        [(*record, *other) for record, other in zip(records, before, strict=True)],
    )


def _cut(bucket: Bucket) -> list[str]:
    return [] if bucket.cut is UNSET else bucket.cut


def _list(
    name: str,
    answer: Pages | Sites | Sources,
    rows: Sequence[tuple[str, PageRow | SiteRow | SourceRow]],
) -> Table:
    columns = ["rank", name, "views", "share", "change"]
    records: list[list[Value]] = [
        [row.rank, value, row.views, row.share, row.change] for value, row in rows
    ]
    if answer.compare is not UNSET:
        columns.append("before")
    if answer.trend is not UNSET:
        columns.append("trend")
    for record, (_, row) in zip(records, rows, strict=True):
        record += [one for one in (row.before, row.trend) if one is not UNSET]
    return Table(columns, records)
