"""Rows in the binary format of COPY."""

import pytest

from domain.counting import RowKey
from domain.events import MIN_AT_MS, Generation, Hour
from domain.hours import hour_of
from rows.postgresql.copying import copies_of

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_GENERATION = Generation(3)
_JULY = hour_of(1_752_660_000_000)
_AUGUST = Hour(_JULY + 31 * 24)


def test_a_row_is_its_columns_each_after_its_length() -> None:
    found = copies_of(_GENERATION, {("example.com/ä", _JULY, -2): 1_500})
    page = "example.com/ä".encode()
    moment = 1_752_660_000_000_000 - 946_684_800_000_000
    assert found == {
        (2025, 7): _SIGNATURE
        + bytes.fromhex("0005 00000004 00000003")
        + len(page).to_bytes(4, "big")
        + page
        + bytes.fromhex("00000008")
        + moment.to_bytes(8, "big")
        + bytes.fromhex("00000002 fffe 00000008 00000000000005dc")
        + b"\xff\xff"
    }


def test_each_month_has_its_own_rows_and_its_own_end() -> None:
    rows: dict[RowKey, int] = {("a", _JULY, 0): 1, ("a", _AUGUST, 0): 1, ("b", _JULY, 0): 2}
    found = copies_of(_GENERATION, rows)
    assert sorted(found) == [(2025, 7), (2025, 8)]
    assert all(
        each.startswith(_SIGNATURE) and each.endswith(b"\xff\xff") for each in found.values()
    )
    assert found[2025, 7].count(b"\x00\x05\x00\x00\x00\x04") == 2


def test_hours_before_there_were_postgresql_moments() -> None:
    assert sorted(copies_of(_GENERATION, {("a", Hour(-3), 0): 1, ("a", Hour(0), 0): 1})) == [
        (1989, 12)
    ]


def test_the_first_hour_there_is_comes_before_all_moments_as_the_driver_writes_it() -> None:
    (found,) = copies_of(_GENERATION, {("a", hour_of(MIN_AT_MS), 0): 1}).values()
    assert bytes.fromhex("00000008 8000000000000000") in found


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({("a", _JULY, 0): 2**63}, OverflowError),
        ({("a", _JULY, 2**15): 1}, OverflowError),
        ({("\ud800", _JULY, 0): 1}, UnicodeError),
    ],
)
def test_what_no_column_holds_is_refused_before_anything_is_sent(
    row: dict[RowKey, int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        copies_of(_GENERATION, row)
