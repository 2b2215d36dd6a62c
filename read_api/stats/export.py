"""GET /export/hourly: all rows of a selection, in bounded memory."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import lru_cache

from msgspec import Struct

from domain.events import MAX_AT_MS, MAX_COUNT, MIN_AT_MS, Hour
from domain.hours import HOUR_MS, as_iso
from domain.ports.stats import HourlyRow, StatsReader
from domain.spreadsheets import HOURLY
from domain.stats.answers import Standing
from domain.stats.periods import Period
from domain.stats.units import Range
from read_api.stats.asked import RANGE, Asked, read_span
from read_api.stats.formats import Format, csv_line, json_bytes, ndjson_line
from read_api.stats.given import Given
from read_api.stats.telling import notes, told_question, told_standing

NAMES = RANGE
_PIECE_BYTES = 65_536
_EVER = Range(Hour(MIN_AT_MS // HOUR_MS), Hour(MAX_AT_MS // HOUR_MS + 1))


Tell = Callable[[Standing], None]
_Rows = AbstractAsyncContextManager[AsyncIterator[HourlyRow]]


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


async def pieces(
    reader: StatsReader, asked: Asked, wanted: Format, tell: Tell | None = None
) -> AsyncGenerator[bytes, None]:
    """The rows, by page and hour, in pieces of about 64 KiB. Raises `StoreUnavailable`.

    Before the first piece is there, `tell` is told of what the rows are.
    """
    stood: list[Standing] = []
    rows = _rows(reader, asked, stood)
    made = _whole(rows, asked, stood) if wanted is Format.JSON else _lines(rows, _WAYS[wanted])
    held: list[bytes] = []
    size = 0
    async with aclosing(made):
        async for line in made:
            if tell:
                tell(stood[0])
                tell = None
            held.append(line)
            size += len(line)
            if size >= _PIECE_BYTES:
                yield b"".join(held)
                held, size = [], 0
    yield b"".join(held)


async def _lines(rows: _Rows, way: _Way) -> AsyncGenerator[bytes, None]:
    async with rows as found:
        yield way.begin
        async for row in found:
            yield way.row(row)


async def _whole(
    rows: _Rows, asked: Asked, stood: Sequence[Standing]
) -> AsyncGenerator[bytes, None]:
    """One JSON document; what is known at the end stands there."""
    total, comma = 0, b"\n"
    async with rows as found:
        (standing,) = stood
        told = {"question": told_question(asked), **told_standing(standing)}
        told["notes"] = list(notes(asked, standing.horizon))
        yield json_bytes(told)[:-1] + b',"rows":['
        async for row in found:
            total += row.views
            yield comma + ndjson_line(HOURLY, _values(row))[:-1]
            comma = b",\n"
    yield b'\n],"total":%d}' % total


@asynccontextmanager
async def _rows(
    reader: StatsReader, asked: Asked, stood: list[Standing]
) -> AsyncIterator[AsyncIterator[HourlyRow]]:
    """The rows, once there is the first; what they are of is in `stood` then.

    Their query ends with the block, not when somebody collects what is left of it.
    """
    rows = reader.rows(asked.selection, asked.hours, stood.append)
    try:
        async with aclosing(_all(await anext(rows, None), rows)) as found:
            yield found
    finally:
        if isinstance(rows, AsyncGenerator):
            await rows.aclose()


async def _all(
    first: HourlyRow | None, rows: AsyncIterator[HourlyRow]
) -> AsyncGenerator[HourlyRow, None]:
    if first is not None:
        yield first
    async for row in rows:
        yield row


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
