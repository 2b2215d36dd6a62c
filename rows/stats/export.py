"""All rows of a selection, read as fast as somebody takes them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, select, true, tuple_

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.ports.stats import HourlyRow
from domain.stats.answers import Standing
from domain.stats.selection import Selection
from domain.stats.units import Range
from rows.database import pause_at_most
from rows.stats.counted import by_hour
from rows.stats.snapshot import TRIES, UNSTEADY, Snapshot, Snapshots
from rows.stats.spans import Span, spans
from rows.tables import HOUR

CHUNK_ROWS = 5_000
# A snapshot keeps what was written over: rows in PostgreSQL, in SQLite all of its write-ahead log.
# So long may who takes the rows stop, and be at it altogether.
PAUSE_SECONDS = 60.0
LONGEST_SECONDS = 3_600.0
# Only where that is not kept.
_SERVER_PAUSE_MS = "120000"


async def read_rows(
    snapshots: Snapshots,
    selection: Selection,
    asked: Range,
    tell: Callable[[Standing], None] | None = None,
) -> AsyncIterator[HourlyRow]:
    """`StatsReader.rows`."""
    for _ in range(TRIES):
        async with snapshots.opened() as found:
            await pause_at_most(found.connection, _SERVER_PAUSE_MS)
            chunks = _Chunks(found, selection, asked)
            chunk = await chunks.following()
            # Later ones are of tables that the first has locked.
            if not await snapshots.stands(found):
                continue
            if tell:
                tell(found.standing)
            ends = monotonic() + LONGEST_SECONDS
            while chunk:
                async with _taken_in_time(found, ends):
                    for row in chunk:
                        yield row
                chunk = await chunks.following()
            return
    raise StoreUnavailable(UNSTEADY)


class _Chunks:
    """Some rows at a time, each from behind the last in the order of the key."""

    def __init__(self, snapshot: Snapshot, selection: Selection, asked: Range) -> None:
        self._snapshot = snapshot
        self._asked = asked
        self._agent = selection.agent
        self._spans = list(spans(selection, snapshot.rules))
        self._last: HourlyRow | None = None

    async def following(self) -> Sequence[HourlyRow]:
        """None where there are no more."""
        while self._spans:
            found = await self._read(self._spans[0])
            if found:
                self._last = found[-1]
                return found
            self._spans.pop(0)
        return []

    async def _read(self, span: Span) -> Sequence[HourlyRow]:
        asked, last = self._asked, self._last
        if last is None or last.page < span.low:
            last = None
        elif span.low == span.high:
            asked, last = Range(Hour(last.hour + 1), asked.end), None
        else:
            # In place of where the span begins: of two beginnings SQLite may take the wrong one.
            span = span._replace(low="")
        rows = by_hour(self._snapshot, [span], self._agent, asked).c
        key = (rows.page, rows.view_hour)
        behind: ColumnElement[bool] = true()
        if last is not None:
            behind = tuple_(*key) > tuple_(literal(last.page), literal(last.hour, HOUR))
        found = await self._snapshot.rows(
            # PostgreSQL's sum is a numeric, which takes as long to read as all the rest.
            select(rows.view_hour, rows.page, cast(func.sum(rows.views), BigInteger))
            .where(behind)
            .group_by(*key)
            .order_by(*key)
            .limit(CHUNK_ROWS)
        )
        return [HourlyRow(hour, page, views) for hour, page, views in found]


@asynccontextmanager
async def _taken_in_time(snapshot: Snapshot, ends: float) -> AsyncIterator[None]:
    """Lets go of the snapshot where the block takes too long. Raises `StoreUnavailable` then."""
    late: list[asyncio.Task[None]] = []

    def let_go() -> None:
        late.append(asyncio.ensure_future(snapshot.connection.rollback()))

    seconds = min(PAUSE_SECONDS, max(ends - monotonic(), 0))
    timer = asyncio.get_running_loop().call_later(seconds, let_go)
    try:
        yield
    finally:
        timer.cancel()
        await asyncio.gather(*late)
    if late:
        raise StoreUnavailable("the rows were not taken in time: ask for fewer, or read faster")
