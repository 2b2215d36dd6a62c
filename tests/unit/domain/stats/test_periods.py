"""Ranges by name."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.events import Hour
from domain.stats.periods import Period, parse_edge, range_of, unit_for
from domain.stats.selection import EVERYTHING, Kind, Selection, site_of
from domain.stats.units import Range, Unit, hour_at
from domain.stats.zones import UnknownZone, local, zone_of

NOW = int(datetime.fromisoformat("2026-11-25T14:37:05+00:00").timestamp())


def shown(asked: Range, zone: str) -> tuple[str, str]:
    start, end = (local(at * 3_600, ZoneInfo(zone)) for at in asked)
    return f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("period", "unit", "zone", "expected"),
    [
        ("24h", None, "UTC", ("2026-11-24 15:00", "2026-11-25 15:00")),
        ("today", None, "Asia/Tokyo", ("2026-11-25 00:00", "2026-11-26 00:00")),
        ("7d", None, "UTC", ("2026-11-18 15:00", "2026-11-25 15:00")),
        ("7d", Unit.DAY, "Europe/Berlin", ("2026-11-19 00:00", "2026-11-26 00:00")),
        ("30d", None, "Europe/Berlin", ("2026-10-27 00:00", "2026-11-26 00:00")),
        ("month", None, "America/New_York", ("2026-11-01 00:00", "2026-11-26 00:00")),
        ("12mo", None, "UTC", ("2025-12-01 00:00", "2026-11-26 00:00")),
        ("all", None, "UTC", ("2025-01-01 05:00", "2026-11-26 00:00")),
    ],
)
def test_a_period_ends_with_the_present(
    period: str, unit: Unit | None, zone: str, expected: tuple[str, str]
) -> None:
    first = hour_at(int(datetime.fromisoformat("2025-01-01T05:00Z").timestamp()))
    found = range_of(Period(period), unit, NOW, ZoneInfo(zone), first)
    assert shown(found, zone) == expected


def test_where_nothing_was_viewed_all_is_the_present() -> None:
    found = range_of(Period.ALL, None, NOW, ZoneInfo("UTC"), None)
    assert shown(found, "UTC") == ("2026-11-25 14:00", "2026-11-26 00:00")


@pytest.mark.parametrize(
    ("hours", "unit"),
    [(24, Unit.HOUR), (168, Unit.HOUR), (720, Unit.DAY), (8_784, Unit.DAY), (90_000, Unit.MONTH)],
)
def test_a_range_has_a_unit_in_which_it_can_be_read(hours: int, unit: Unit) -> None:
    assert unit_for(Range(Hour(0), Hour(hours))) is unit


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2025-07-16", "Europe/Berlin", "2025-07-15T22:00:00+00:00"),
        ("2025-07-16T10:00:00", "Europe/Berlin", "2025-07-16T10:00:00+00:00"),
        ("2025-07-16T10:00+02:00", "Asia/Tokyo", "2025-07-16T08:00:00+00:00"),
    ],
)
def test_a_date_is_a_day_in_the_zone_and_a_moment_utc(text: str, zone: str, expected: str) -> None:
    found = parse_edge(text, ZoneInfo(zone))
    assert local(found, ZoneInfo("UTC")).isoformat() == expected


@pytest.mark.parametrize("text", ["", "2025-02-30", "2025-7-1", "yesterday", "2025-W29-3"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$|out of range"):
        parse_edge(text, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "name",
    [
        "", "Europe", "../../etc/passwd", "/etc/passwd", "Mars/Base", "a\0b", "ü", "x" * 5_000,
        # Of the machine, of nobody, and copies of others with leap seconds.
        "localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_of(name)


def test_a_zone_is_found_by_its_name() -> None:
    assert zone_of("Pacific/Apia").key == "Pacific/Apia"


@pytest.mark.parametrize(
    ("page", "site"), [("example.com/a/b", "example.com"), ("/a", ""), ("bare", "bare")]
)
def test_a_site_is_what_stands_before_the_first_slash(page: str, site: str) -> None:
    assert site_of(page) == site


def test_selections() -> None:
    page = "example.com/blog/1"
    assert EVERYTHING.holds(page)
    assert Selection(Kind.SITE, "example.com").holds(page)
    assert not Selection(Kind.SITE, "example.co").holds(page)
    assert Selection(Kind.PREFIX, "example.com/blog/").holds(page)
    assert not Selection(Kind.PREFIX, "example.com/blogs").holds(page)
    assert Selection(Kind.PAGE, page).holds(page)
    assert not Selection(Kind.PAGE, "example.com/blog/").holds(page)
