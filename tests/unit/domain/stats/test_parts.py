"""Sums and hourly rows together are what was asked, once, and only what is rolled up is taken."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from domain.calendar import day_of, first_day, month_at
from domain.events import Hour
from domain.stats.parts import Month, Rolled, page_parts, runs, site_parts
from domain.stats.units import Range


def first_hour(day: int) -> Hour:
    return Hour(day * 24)


def days_in(month: int) -> int:
    return first_day(month + 1) - first_day(month)


# Around a leap day, the end of a year and the beginning of 1970.
MONTHS = [-2, -1, 0, 1, 24, 25, 26, 35, 36]
FIRST = first_hour(first_day(-3))
LAST = first_hour(first_day(39))
BITS = st.integers(0, 2**31 - 1) | st.just(2**31 - 1)


@st.composite
def months(draw: st.DrawFn) -> Sequence[Month]:
    found = []
    for number in sorted(draw(st.sets(st.sampled_from(MONTHS)))):
        there = (1 << days_in(number)) - 1
        rolled, left = draw(BITS) & there, draw(st.just(0) | BITS) & there
        rolled &= ~left
        if rolled | left:
            found.append(Month(number, rolled, left, whole=not left and draw(st.booleans())))
    return found


def at_day(month: int, day: int, hour: int) -> Hour:
    return Hour(first_hour(first_day(month) + day) + hour)


EDGES = st.builds(
    at_day, st.sampled_from([-3, *MONTHS, 37]), st.integers(0, 31), st.sampled_from([0, 0, 1, 23])
)
RANGES = st.lists(EDGES, min_size=2, max_size=12).map(
    lambda edges: [
        Range(start, end)
        for start, end in zip(sorted(edges)[:-1:2], sorted(edges)[1::2], strict=False)
    ]
) | st.lists(EDGES, min_size=2, max_size=12).map(
    lambda edges: [
        Range(start, end) for start, end in zip(sorted(edges)[:-1], sorted(edges)[1:], strict=True)
    ]
)
ROLLED = st.builds(Rolled, months(), st.booleans())


def days_of(month: Month, bits: int) -> Iterator[int]:
    return (first_day(month.number) + day for day in range(31) if bits >> day & 1)


def hours_of(days: Iterator[int]) -> Iterator[int]:
    return (hour for day in days for hour in range(first_hour(day), first_hour(day + 1)))


def asked_for(ranges: Sequence[Range], rolled: Rolled) -> Counter[int]:
    """What has to be there: hours that are asked for and may have rows."""
    listed = {day for month in rolled.months for day in days_of(month, month.rolled | month.left)}
    return Counter(
        hour
        for asked in ranges
        for hour in range(*asked)
        if not rolled.listed or day_of(Hour(hour)) in listed
    )


def in_days(days: Mapping[int, int]) -> Counter[int]:
    return Counter(
        first_hour(day) + hour
        for day, bits in days.items()
        for hour in range(24)
        if bits >> hour & 1
    )


@given(RANGES, ROLLED)
@example([], Rolled([Month(0, 1, 0, whole=True)]))
@example([Range(FIRST, LAST)], Rolled([Month(0, 0b101, 0, whole=True)], listed=True))
def test_pages_have_what_was_asked_once(ranges: list[Range], rolled: Rolled) -> None:
    found = page_parts(ranges, rolled)
    by_number = {month.number: month for month in rolled.months}
    whole = [by_number[month_at(year, at + 1)] for year, bits in found.months.items()
             for at in range(12) if bits >> at & 1]  # fmt: skip
    assert all(month.whole for month in whole)
    assert all(not bits & ~by_number[number].rolled for number, bits in found.days.items())
    hours: Counter[int] = Counter(hour for part in found.hours for hour in range(*part))
    for month in whole:
        hours.update(hours_of(days_of(month, month.rolled)))
    for number, bits in found.days.items():
        hours.update(hours_of(days_of(by_number[number], bits)))
    wanted = asked_for(ranges, rolled)
    if not rolled.listed:
        # Of a month as a whole, days without rows are a part.
        for month in whole:
            hours.update(
                set(hours_of(days_of(month, (1 << days_in(month.number)) - 1)))
                - set(hours_of(days_of(month, month.rolled)))
            )
    assert hours == wanted


@given(RANGES, ROLLED)
def test_sites_have_what_was_asked_once(ranges: list[Range], rolled: Rolled) -> None:
    found = site_parts(ranges, rolled)
    taken = {day for month in rolled.months for day in days_of(month, month.rolled)}
    assert found.days.keys() <= taken
    hours = in_days(found.days) + Counter(hour for part in found.hours for hour in range(*part))
    assert hours == asked_for(ranges, rolled)
    assert found.days.keys().isdisjoint(day_of(hour) for hour, _ in found.hours)


@given(RANGES, ROLLED)
def test_what_is_left_to_the_rows_is_of_as_few_ranges_as_there_can_be(
    ranges: list[Range], rolled: Rolled
) -> None:
    for found in (page_parts(ranges, rolled), site_parts(ranges, rolled)):
        assert all(start < end for start, end in found.hours)
        ends = [end for _, end in found.hours]
        assert all(end < after.start for end, after in zip(ends, found.hours[1:], strict=False))


def test_all_that_can_be_taken_is() -> None:
    january = Month(0, (1 << 31) - 1, 0, whole=True)
    asked = [Range(at_day(0, 0, 0), at_day(0, 31, 0))]
    found = page_parts(asked, Rolled([january]))
    assert (found.months, found.days, found.hours) == ({1970: 1}, {}, [])
    asked = [Range(at_day(0, 0, 1), at_day(0, 31, 0))]
    found = page_parts(asked, Rolled([january]))
    assert (found.months, found.days, found.hours) == ({}, {0: 2**31 - 2}, [(1, 24)])
    sites = site_parts(asked, Rolled([january]))
    assert sites.hours == []
    assert sites.days[0] == 2**24 - 2
    assert set(sites.days.values()) == {2**24 - 2, 2**24 - 1}


def test_a_day_that_two_ranges_share_is_taken_by_none_of_them() -> None:
    found = page_parts(
        [Range(Hour(0), Hour(30)), Range(Hour(30), Hour(72))], Rolled([Month(0, 7, 0, whole=False)])
    )
    assert (found.days, found.hours) == ({0: 5}, [(24, 48)])


def test_decades_of_holes_do_not_make_a_statement_that_is_too_long() -> None:
    holes = [Month(number, 0x2AAA_AAAA, 0x5555_5555, whole=False) for number in range(360)]
    rolled = [Month(number, (1 << days_in(number)) - 1, 0, whole=True) for number in range(360)]
    asked = [Range(Hour(0), first_hour(first_day(360)))]
    few = Rolled(sorted([*holes[:1], *rolled[1:]]), listed=True)
    assert page_parts(asked, few).days == {0: 0x2AAA_AAAA}
    # Those with holes are left out, and then all of them.
    some = Rolled(sorted([*holes[:50], *rolled[50:]]), listed=True)
    assert page_parts(asked, some).hours == [(0, first_hour(first_day(50)))]
    assert len(site_parts(asked, some).days) == first_day(360) - first_day(50)
    turns = [holes[n] if n % 2 else rolled[n] for n in range(360)]
    for found in (page_parts(asked, Rolled(turns)), site_parts(asked, Rolled(turns))):
        assert not found.days
        assert found.hours == asked


@given(st.integers(0, 2**40))
def test_runs_are_the_ones(bits: int) -> None:
    found = list(runs(bits))
    assert sum((1 << end) - (1 << start) for start, end in found) == bits
    assert all(end < start for (_, end), (start, _) in pairwise(found))
