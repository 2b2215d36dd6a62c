"""Rows as COPY takes them in binary: to make that of records takes the driver three times as long.

A row is the number of its columns, and each column its length and its bytes.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.counting import RowKey
from domain.events import Generation, Hour
from domain.hours import to_datetime
from rows.postgresql.months import LEAST, Month, month_of
from rows.rollups import HOURLY

# Flags and an extension, of which there is nothing, follow the signature.
_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_CHUNK_BYTES = 512 * 1_024
# Of more the bytes are made each time: what is remembered is bounded.
_USUAL_VIEWS = 1_000
_FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_BEFORE_ALL = -(2**63)
_MICROSECOND = timedelta(microseconds=1)


def copies_of(generation: Generation, rows: Mapping[RowKey, int]) -> Mapping[Month, bytearray]:
    """What to copy into each month.

    Raises `OverflowError` and `UnicodeError` for what PostgreSQL cannot hold.
    """
    heads, slots, sums = _Heads(generation), _Slots(), _Sums()
    hours = _Hours()
    for (page, hour, shard), views in rows.items():
        name = page.encode()
        buffer, moment = hours[hour]
        buffer += heads[len(name)] + name + moment + slots[shard] + sums[views]
    for whole in hours.months.values():
        whole.extend(_END)
    return hours.months


async def copy_into(
    connection: AsyncConnection, table: str, copy: bytearray, schema: str | None = None
) -> None:
    """Past SQLAlchemy, inside the transaction that has begun: its errors are the driver's."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.copy_to_table(
        table, source=_chunks(copy), columns=HOURLY.columns, schema_name=schema, format="binary"
    )


async def _chunks(buffer: bytearray) -> AsyncIterator[memoryview]:
    view = memoryview(buffer)
    for start in range(0, len(view), _CHUNK_BYTES):
        yield view[start : start + _CHUNK_BYTES]


class _Heads(dict[int, bytes]):
    """A row up to its page, by the length of that."""

    def __init__(self, generation: Generation) -> None:
        self._begin = _number(len(HOURLY.columns), 2) + _column(generation, 4)

    def __missing__(self, length: int) -> bytes:
        found = self[length] = self._begin + _number(length, 4)
        return found


class _Hours(dict[Hour, tuple[bytearray, bytes]]):
    """The buffer of the month of each hour, and its column."""

    def __init__(self) -> None:
        self.months: dict[Month, bytearray] = {}

    def __missing__(self, hour: Hour) -> tuple[bytearray, bytes]:
        moment = to_datetime(hour)
        buffer = self.months.setdefault(month_of(moment), bytearray(_BEGIN))
        number = (moment - _FIRST_MOMENT) // _MICROSECOND
        found = self[hour] = (buffer, _column(_BEFORE_ALL if moment == LEAST else number, 8))
        return found


class _Slots(dict[int, bytes]):
    def __missing__(self, slot: int) -> bytes:
        found = self[slot] = _column(slot, 2)
        return found


class _Sums(dict[int, bytes]):
    def __missing__(self, views: int) -> bytes:
        found = _column(views, 8)
        if views <= _USUAL_VIEWS:
            self[views] = found
        return found


def _column(value: int, size: int) -> bytes:
    return _number(size, 4) + _number(value, size)


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big", signed=True)
