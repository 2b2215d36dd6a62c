"""Lines of counts to views, whatever the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.counts import Counts, is_counts_line
from importer.views import Skip, View

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
TEN = 486_850


def parse(*lines: bytes) -> list[View | Skip]:
    counts = Counts(lambda: NOW)
    return [counts.parse(line) for line in lines]


@pytest.mark.parametrize(
    "timestamp",
    [
        b"2025-07-16T10:00:00Z",
        b"2025-07-16 10:00:00+00",
        b"2025-07-16 10:00:00.123456+00",
        b"2025-07-16_10:59:59",
        b"2025-07-16 10:00",
        b"2025-07-16T10Z",
        b"2025-07-16 10:00:00 UTC",
        b"1752660000",
        b"1752660000000",
        b"1752660000.123456",
        b"2025-07-16T15:30:00+05:30",
        b'"2025-07-16 10:00:00+00"',
    ],
)
def test_timestamps_are_read_as_databases_write_them(timestamp: bytes) -> None:
    assert parse(timestamp + b",example.com/x,5") == [View("example.com/x", TEN, 5)]


@pytest.mark.parametrize(
    ("line", "page"),
    [
        (b"2025-07-16T10:00:00Z\ta,b\t5\r", "a,b"),
        (b'2025-07-16T10:00:00Z,"a,b",5', "a,b"),
        (b'2025-07-16T10:00:00Z,"a ""b""",5', 'a "b"'),
        (b'2025-07-16T10:00:00Z,a"b,5', 'a"b'),
        (b"2025-07-16T10:00:00Z,a?b=c,5", "a?b=c"),
        (b"2025-07-16T10:00:00Z;a;5", "a"),
        (b"2025-07-16T10:00:00Z,a;b;c,5", "a;b;c"),
        (b"2025-07-16T10:00:00Z\tc\\\\d\t5", r"c\d"),
        (b"2025-07-16T10:00:00Z\t\\\\N\t5", r"\N"),
        ("\ufeff2025-07-16T10:00:00Z,größe,5".encode(), "größe"),
        (b"2025-07-16T10:00:00Z|a|5", "a"),
        (b" 2025-07-16T10:00:00Z | a,b | 5 ", "a,b"),
        (b"2025-07-16T10:00:00Z,a|b|c,5", "a|b|c"),
        (b'2025-07-16T10:00:00Z, "a,b", "5"', "a,b"),
        (b"2025-07-16T10:00:00Z, a,5", " a"),
        ("2025-07-16T10:00:00Z,größe,5".encode("latin-1"), "größe"),
        ("2025-07-16T10:00:00Z,it’s,5".encode("windows-1252"), "it’s"),
    ],
)
def test_fields_are_separated_by_commas_tabs_semicolons_or_bars(line: bytes, page: str) -> None:
    assert parse(line) == [View(page, TEN, 5)]


@pytest.mark.parametrize(
    "table",
    [
        b" hour             | page | views \n------------------+------+-------\n%s | a |     5",
        b"+------------------+------+-------+\n| hour             | page | views |\n"
        b"+------------------+------+-------+\n| %s | a    |     5 |\n+------+----+---+",
        b"| page | hour | views |\n|:-----|------|------:|\n| a | %s | 5 |",
    ],
)
def test_tables_as_they_are_drawn_are_read(table: bytes) -> None:
    lines = (table.replace(b"%s", b"2025-07-16 10:00")).split(b"\n")
    assert {*parse(*lines)} == {Skip.HEADER, View("a", TEN, 5)}
    assert any(map(is_counts_line, lines))


@pytest.mark.parametrize("line", [b"--", b"------+-----", b"-", b"+", b"a--b"])
def test_a_rule_alone_is_no_counts(line: bytes) -> None:
    assert not is_counts_line(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", Skip.EMPTY),
        (b"2025-07-16T10:00:00Z,a", Skip.MALFORMED_LINE),
        (b"2025-07-16T10:00:00Z,a,5,6", Skip.MALFORMED_LINE),
        (b'2025-07-16T10:00:00Z,"a,5', Skip.MALFORMED_LINE),
        (b"2025-07-16,a,5", Skip.TIMESTAMP),
        (b"2025-07-16T10:00:00Z\t\\N\t5", Skip.EMPTY_PAGE),
        (b"17526600000001,a,5", Skip.TIMESTAMP),
        (b"2025-13-16T10:00:00Z,a,5", Skip.TIMESTAMP),
        (b"0001-01-01T00:00:00+01:00,a,5", Skip.TIMESTAMP),
        (b"2025-07-16T11:00:01Z,a,5", Skip.FUTURE),
        (b"2025-07-16T10:00:00Z,a,0", Skip.NOTHING),
        (b"2025-07-16T10:00:00Z,a,-1", Skip.COUNT),
        (b"2025-07-16T10:00:00Z,a,1.5", Skip.COUNT),
        (b"2025-07-16T10:00:00Z,a,1_0", Skip.COUNT),
        ("2025-07-16T10:00:00Z,a,٣".encode(), Skip.COUNT),
        (b"2025-07-16T10:00:00Z,a,1000000001", Skip.COUNT),
        (b"2025-07-16T10:00:00Z,,5", Skip.EMPTY_PAGE),
        (b"2025-07-16T10:00:00Z,a\x00,5", Skip.CONTROL),
        (b"2025-07-16T10:00:00Z," + b"a" * 2_049 + b",5", Skip.LONG_PAGE),
        (b"2025-07-16T10:00:00Z," + b"a" * 70_000 + b",5", Skip.LONG_LINE),
    ],
)
def test_what_is_no_count_has_a_reason(line: bytes, reason: Skip) -> None:
    assert parse(line) == [reason]


@pytest.mark.parametrize(
    ("number", "count"),
    [
        (b"5.0", 5),
        (b'"1,234"', 1_234),
        (b'"1,234,567.00"', 1_234_567),
        ("1\u00a0234".encode(), 1_234),
        ("1\u202f234\u202f567".encode(), 1_234_567),
        (b"1'234", 1_234),
        (b"1 234 ", 1_234),
    ],
)
def test_counts_are_read_as_spreadsheets_write_them(number: bytes, count: int) -> None:
    assert parse(b"2025-07-16T10:00:00Z,a," + number) == [View("a", TEN, count)]


@pytest.mark.parametrize("number", [b"1.234", b"1 23", b"1'234 567", b"12 34", b" ", b"1234 567"])
def test_a_count_that_could_be_another_is_refused(number: bytes) -> None:
    assert parse(b"2025-07-16T10:00:00Z;a;" + number) == [Skip.COUNT]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (b"page,timestamp,count", b"a,2025-07-16 10:00:00,5"),
        (b"hour;page;views", b"2025-07-16 10:00:00;a;5"),
        (b"Pageviews,site,URL,Date", b"5,x,a,2025-07-16 10:00:00"),
        (b"views|page|hour", b"5|a|2025-07-16 10:00:00+00"),
        (b'"hour"; "page"; "views"', b'"2025-07-16 10:00:00"; "a"; "5"'),
    ],
)
def test_a_header_names_the_columns(header: bytes, row: bytes) -> None:
    assert parse(header, row) == [Skip.HEADER, View("a", TEN, 5)]


def test_a_mark_is_passed_over_in_the_middle_too() -> None:
    row = "\ufeff2025-07-16T10:00:00Z,a,5".encode()
    assert parse(row, row) == [View("a", TEN, 5)] * 2


@pytest.mark.parametrize(
    ("line", "is_counts"),
    [
        (b"timestamp,page,count", True),
        (b"2025-07-16T10:00:00Z,a,0", True),
        (b"Starting, listening, ready", False),
    ],
)
def test_three_words_are_no_header_of_counts(line: bytes, is_counts: bool) -> None:
    assert is_counts_line(line) is is_counts


def test_the_largest_count_fits() -> None:
    found = parse(b"2025-07-16T10:00:00Z,a,1000000000")
    assert found == [View("a", TEN, 1_000_000_000)]


def test_a_header_is_skipped_wherever_it_is_repeated() -> None:
    row = b"2025-07-16T10:00:00Z,a,1"
    header = b"timestamp,page,count\r"
    assert parse(header, row, header) == [Skip.HEADER, View("a", TEN), Skip.HEADER]


@given(st.lists(st.binary(), min_size=1))
def test_no_bytes_crash_the_parser(lines: list[bytes]) -> None:
    for found in parse(*lines):
        assert isinstance(found, View | Skip)


@given(st.text(), st.text(), st.text(), st.sampled_from(",\t;|"))
def test_no_fields_crash_the_parser(when: str, page: str, count: str, separator: str) -> None:
    line = separator.join((when, page, count)).encode("utf-8", "surrogatepass")
    for found in parse(line, b"2025-07-16T10:00:00Z," + line):
        assert isinstance(found, Skip) or found.page.encode()


def test_the_quote_that_an_export_of_our_own_puts_before_formulas_is_taken_away() -> None:
    rows = [b"2025-07-16T10:00:00Z,'=x,1", b"2025-07-16T10:00:00Z,''=x,2"]
    ours = [View("=x", TEN, 1), View("'=x", TEN, 2)]
    assert parse(b"hour,page,views\r", *rows) == [Skip.HEADER, *ours]
    theirs = [View("'=x", TEN, 1), View("''=x", TEN, 2)]
    assert parse(*rows) == theirs
    assert parse(b"timestamp,page,views", *rows) == [Skip.HEADER, *theirs]
