"""Statistics for people: tables, in which what strangers named is shown and never obeyed."""

import io
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.output.saying import say
from domain.dimensions import NONE
from domain.shown import printable
from read_api.queries import ANYBODY
from read_api.stats.given import SOURCE
from read_api.stats.shapes import (
    Answer,
    Bounds,
    Bucket,
    Compared,
    HoursOfWeek,
    Movers,
    Pages,
    Question,
    Sites,
    Sources,
    Views,
)

DIRECT = "(direct)"
"""Viewers came from nowhere."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PIPE_COLUMNS = 10_000
# So much is said to be more than nothing, and less than everything.
_LEAST, _MOST = 0.001, 0.999


def put(content: bytes) -> None:
    """Data as it is; on a terminal without what that would obey."""
    if sys.stdout.isatty():
        say(content.decode().replace("\r\n", "\n").rstrip("\n"))
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def stats_text(answer: Answer) -> str:
    """An answer, what it is about above it, notes below."""
    head = [] if isinstance(answer, Bounds) else [_about(answer.question), ""]
    notes = ["", *answer.notes] if answer.notes else []
    return "\n".join([*head, *_body(answer), _complete(answer), *notes])


def _complete(answer: Answer) -> str:
    until = answer.complete_until
    return f"complete until {until}" if until else "until when it is complete is not known"


def _body(answer: Answer) -> Iterator[str]:
    match answer:
        case Views():
            yield from _views(answer)
        case Pages():
            rows = [(row.rank, row.page, row.views, row.share, row.change) for row in answer.pages]
            yield from _list("page", rows, answer)
            yield from _rest(answer, answer.pages_total, "pages")
        case Sites():
            rows = [(row.rank, row.site, row.views, row.share, row.change) for row in answer.sites]
            yield from _list("site", rows, answer)
            yield from _rest(answer, answer.sites_total, "sites")
        case Sources():
            rows = [
                (row.rank, source_text(row.source), row.views, row.share, row.change)
                for row in answer.sources
            ]
            yield from _list("source", rows, answer)
            yield from _rest(answer, answer.sources_total, "sources")
        case Movers():
            rows_ = [*answer.risers, *reversed(answer.fallers)]
            cells = [
                (_signed(row.difference), f"{row.views:,}", f"{row.before:,}", printable(row.page))
                for row in rows_
            ]
            yield from _table(("difference", "views", "before", "page"), cells, left=(3,))
            yield f"{answer.total:,} views, {answer.compare.total:,} before"
        case HoursOfWeek():
            yield from _week(answer)
        case Bounds():
            yield from _bounds(answer)


def _views(answer: Views) -> Iterator[str]:
    compare = answer.compare
    columns: list[str] = ["from", "views"]
    cells = [[bucket.from_, f"{bucket.views:,}"] for bucket in answer.buckets]
    if compare is not UNSET:
        columns.append("before")
        for row, other in zip(cells, compare.buckets, strict=True):
            row.append(f"{other.views:,}")
    columns.append("")
    for row, bucket in zip(cells, answer.buckets, strict=True):
        row.append(_cut(bucket))
    yield from _table(columns, cells, left=(0, len(columns) - 1))
    busiest = answer.busiest if len(cells) > 1 else None
    most = f", most of them from {busiest.from_}: {busiest.views:,}" if busiest else ""
    yield f"{answer.total:,} views{most}"
    if compare is not UNSET:
        yield _compared(compare)


def _cut(bucket: Bucket) -> str:
    cut = "" if bucket.cut is UNSET else f"cut by the {' and the '.join(bucket.cut)}"
    return ", ".join(filter(None, [cut, "" if bucket.complete else "not complete"]))


def _compared(compare: Compared) -> str:
    hours = f"{compare.hours:,} of {compare.of_hours:,} whole hours"
    return f"{_change(compare.change)} against {compare.before:,} before, in {hours}"


def _list(
    name: str,
    rows: Iterable[tuple[int, str, int, float, float | None]],
    answer: Pages | Sites | Sources,
) -> Iterator[str]:
    compared = answer.compare is not UNSET
    columns = ["rank", "views", "share", *(["change"] if compared else []), name]
    cells = [
        [
            str(rank),
            f"{views:,}",
            _share(share),
            *([_change(change)] if compared else []),
            printable(value),
        ]
        for rank, value, views, share, change in rows
    ]
    yield from _table(columns, cells, left=(len(columns) - 1,))


def _rest(answer: Pages | Sites | Sources, names: int, what: str) -> Iterator[str]:
    yield f"{answer.total:,} views of {names:,} {what}"
    if answer.next:
        yield f"more with --cursor {answer.next}"


def _week(answer: HoursOfWeek) -> Iterator[str]:
    by_hour = {(cell.weekday, cell.hour): cell.views for cell in answer.cells}
    cells = [
        [f"{hour:02}:00", *(f"{by_hour[day + 1, hour]:,}" for day in range(len(_DAYS)))]
        for hour in range(24)
    ]
    yield from _table(["", *_DAYS], cells)
    yield f"{answer.total:,} views"


def _number(found: int | None) -> str:
    return "not counted" if found is None else f"{found:,}"


def _bounds(answer: Bounds) -> Iterator[str]:
    yield from _table(
        ("", ""),
        [
            ("first hour with views", answer.first or "none"),
            ("last hour with views", answer.last or "none"),
            ("oldest hour kept", answer.horizon or "all are"),
            ("views", f"{answer.total:,}"),
            ("pages", _number(answer.pages)),
            ("sites", _number(answer.sites)),
            ("rows", _number(answer.rows)),
        ],
        left=(0,),
        headed=False,
    )


def _about(question: Question) -> str:
    """The question as it was understood."""
    selected = [
        f"{name} {source_text(value) if name == SOURCE else printable(value)}"
        for name, value in question.selection.items()
    ]
    what = ", ".join(selected) or "all pages"
    agent = "" if question.agent == ANYBODY else f", agent {question.agent}"
    against = "" if question.compare is UNSET else f", against {question.compare}"
    return f"{what}{agent}, {question.from_} to {question.to}, {question.tz}{against}"


def source_text(source: str) -> str:
    """A source as it is shown."""
    return printable(source) if source != NONE else DIRECT


def _table(
    columns: Sequence[str],
    cells: Iterable[Sequence[str]],
    left: Sequence[int] = (),
    headed: bool = True,
) -> Iterator[str]:
    """Lines; columns that are not `left` are numbers. As wide as the terminal, if there is one."""
    table = Table(box=None, pad_edge=False, show_header=headed, padding=(0, 2, 0, 0))
    for at, name in enumerate(columns):
        table.add_column(
            name, justify="left" if at in left else "right", no_wrap=True, overflow="ellipsis"
        )
    for row in cells:
        table.add_row(*map(Text, row))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_COLUMNS
    drawn = io.StringIO()
    Console(file=drawn, width=width, color_system=None).print(table)
    for line in drawn.getvalue().splitlines():
        yield line.rstrip()


def _share(share: float) -> str:
    if 0 < share < _LEAST:
        return "< 0.1 %"
    return "> 99.9 %" if _MOST < share < 1 else f"{share:.1%}".replace("%", " %")


def _change(change: float | None) -> str:
    return "-" if change is None else f"{change:+,.1%}".replace("%", " %")


def _signed(number: int) -> str:
    return f"{number:+,}"
