"""GET /export/hourly: all rows of a selection, in bounded memory."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from functools import lru_cache

from msgspec import Struct

from domain.events import MAX_AT_MS, MAX_COUNT, MIN_AT_MS, Hour
from domain.hours import HOUR_MS, as_iso
from domain.ports.stats import HourlyRow, StatsReader
from domain.spreadsheets import HOURLY
from domain.stats.periods import Period
from domain.stats.units import Range
from read_api.stats.asked import RANGE, Asked, read_span
from read_api.stats.formats import Format, csv_line, json_bytes, ndjson_line
from read_api.stats.given import Given
from read_api.stats.telling import notes, told_question

NAMES = RANGE
_PIECE_BYTES = 65_536
_EVER = Range(Hour(MIN_AT_MS // HOUR_MS), Hour(MAX_AT_MS // HOUR_MS + 1))


class _Way(Struct, frozen=True):
    """How rows are written: what comes first, and each row."""

    begin: bytes
    row: Callable[[HourlyRow], bytes]


def read_export(given: Given, now: int) -> Asked:
    """Which rows. Raises `RequestRefused` with every fault of the query."""
    selection = given.selection()
    span = read_span(given, now, Period.ALL)
    given.refuse_faults()
    hours = _EVER if span.begins_with_views else span.range(now, None)
    return Asked(selection, hours, span.unit_of(hours), span.zone, now, moved=span.moved)


async def pieces(reader: StatsReader, asked: Asked, wanted: Format) -> AsyncGenerator[bytes, None]:
    """The rows, by page and hour, in pieces of about 64 KiB. Raises `StoreUnavailable`."""
    made = _whole(reader, asked) if wanted is Format.JSON else _lines(reader, asked, wanted)
    held: list[bytes] = []
    size = 0
    async with aclosing(made):
        async for line in made:
            held.append(line)
            size += len(line)
            if size >= _PIECE_BYTES:
                yield b"".join(held)
                held, size = [], 0
    yield b"".join(held)


async def _lines(reader: StatsReader, asked: Asked, wanted: Format) -> AsyncGenerator[bytes, None]:
    way = _WAYS[wanted]
    yield way.begin
    async with _rows(reader, asked) as rows:
        async for row in rows:
            yield way.row(row)


async def _whole(reader: StatsReader, asked: Asked) -> AsyncGenerator[bytes, None]:
    """One JSON document; what is known at the end stands there."""
    standing = await reader.standing()
    told_notes = list(notes(asked, standing.horizon))
    question = json_bytes({"question": told_question(asked), "notes": told_notes})
    yield question[:-1] + b',"rows":['
    total, comma = 0, b"\n"
    async with _rows(reader, asked) as rows:
        async for row in rows:
            total += row.views
            yield comma + ndjson_line(HOURLY, _values(row))[:-1]
            comma = b",\n"
    after = await reader.standing()
    generation = standing.generation if after.generation == standing.generation else None
    yield b'\n],"total":%d,"generation":%s}' % (total, json_bytes(generation))


@asynccontextmanager
async def _rows(reader: StatsReader, asked: Asked) -> AsyncIterator[AsyncIterator[HourlyRow]]:
    """The rows; their query ends with the block, not when somebody collects what is left of it."""
    rows = reader.rows(asked.selection, asked.hours)
    try:
        yield rows
    finally:
        if isinstance(rows, AsyncGenerator):
            await rows.aclose()


_hour_text = lru_cache(maxsize=20_000)(as_iso)


def _values(row: HourlyRow) -> tuple[str, str, int]:
    return _hour_text(row.hour), row.page, row.views


def _csv(row: HourlyRow) -> bytes:
    if row.views <= MAX_COUNT:
        return csv_line(_values(row))
    hour, page, _ = _values(row)
    return b"".join(csv_line((hour, page, views)) for views in _countable(row.views))


def _countable(views: int) -> Iterator[int]:
    """As many as one line of an import may have, until there are all."""
    while views > MAX_COUNT:
        yield MAX_COUNT
        views -= MAX_COUNT
    yield views


_WAYS = {
    Format.CSV: _Way(csv_line(HOURLY), _csv),
    Format.NDJSON: _Way(b"", lambda row: ndjson_line(HOURLY, _values(row))),
}
