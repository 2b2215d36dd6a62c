"""Which sums beside the hourly rows an answer is made of, and what is left to these. Pure.

What is asked are ranges of hours that are kept; a day or a month that a range begins or ends within
is not taken by the page, where there are sums of days only. Whatever is not known to be rolled up
is left to the hourly rows, and so is what would make a statement too long.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct, field

from domain.calendar import DAY_HOURS, day_of, month_hours, year_of
from domain.events import Hour
from domain.stats.units import Range

MOST_PARTS = 100
# Each is a value of a statement, which may have 32,767 of them: it asks for those of two ranges,
# and of pages twice for both.
MOST_MONTHS = 5_000
MOST_DAYS = 15_000
ALL_HOURS = (1 << DAY_HOURS) - 1


@lru_cache(maxsize=4_096)
def _hours_of(month: int) -> Range:
    return Range(*month_hours(month))


class Month(NamedTuple):
    """A month with rows, by its number; of days the bit of the first is 0.

    Sums are true of the days in `rolled`; of those in `left` they are not. `whole`: so they are of
    the month.
    """

    number: int
    rolled: int
    left: int
    whole: bool

    @property
    def hours(self) -> Range:
        """All that it has."""
        return _hours_of(self.number)


class Rolled(Struct, frozen=True):
    """`months` in ascending order; `listed`: a day that stands in none of them has no rows."""

    months: Sequence[Month] = ()
    listed: bool = False


class PageParts(Struct, frozen=True):
    """Sums by page: bits of whole `months` by year, of `days` by month, and `hours` of hourly rows.

    In a year the bit of January is 0, in a month that of the first.
    """

    months: dict[int, int] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)
    hours: list[Range] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Is it little enough for a statement?"""
        alike = [len(set(bits.values())) for bits in (self.months, self.days)]
        few = len(self.months) + len(self.days) <= MOST_MONTHS
        return few and max(*alike, len(self.hours)) <= MOST_PARTS


class SiteParts(Struct, frozen=True):
    """Sums by site: bits of hours by `days`, and `hours` of hourly rows."""

    days: dict[int, int] = field(default_factory=dict)
    hours: list[Range] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Is it little enough for a statement?"""
        alike = len(set(self.days.values()))
        return len(self.days) <= MOST_DAYS and max(alike, len(self.hours)) <= MOST_PARTS


def page_parts(ranges: Sequence[Range], rolled: Rolled) -> PageParts:
    """Sums of pages for `ranges`, which ascend and do not overlap."""
    for known in _coarser(rolled):
        found = PageParts()
        for asked, months in _met(ranges, known):
            taken = list(_of_pages(asked, months, found))
            _leave(found.hours, asked, months, taken, listed=known.listed)
        if found.fits:
            return found
    return PageParts(hours=merged(ranges))


def day_parts(ranges: Sequence[Range], rolled: Rolled) -> PageParts:
    """The same of what has sums of days and none of months."""
    days = [month._replace(whole=False) for month in rolled.months]
    return page_parts(ranges, Rolled(days, rolled.listed))


def site_parts(ranges: Sequence[Range], rolled: Rolled) -> SiteParts:
    """Sums of sites for `ranges`, which ascend and do not overlap."""
    for known in _coarser(rolled):
        found = SiteParts()
        for asked, months in _met(ranges, known):
            taken = [kept for month in months for kept in _days(month, month.rolled, asked)]
            for kept in taken:
                _add_hours(found.days, kept)
            _leave(found.hours, asked, months, taken, listed=known.listed)
        if found.fits:
            return found
    return SiteParts(hours=merged(ranges))


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """Where ones follow one another: from the first up to, not including, the second."""
    at = 0
    while bits:
        skipped = (bits & -bits).bit_length() - 1
        bits >>= skipped
        length = (~bits & (bits + 1)).bit_length() - 1
        yield at + skipped, at + skipped + length
        bits >>= length
        at += skipped + length


def _coarser(rolled: Rolled) -> Iterator[Rolled]:
    """As it is known, and without the months that have something left."""
    yield rolled
    every = [
        Month(month.number, 0, (1 << month.hours.hours // DAY_HOURS) - 1, whole=False)
        if month.left
        else month
        for month in rolled.months
    ]
    yield Rolled(every, rolled.listed)


def merged(ranges: Sequence[Range]) -> list[Range]:
    """The same hours in as few ranges as there can be, in order."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if found and start <= found[-1].end:
            found[-1] = Range(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Range(start, end))
    return found


def _met(ranges: Sequence[Range], rolled: Rolled) -> Iterator[tuple[Range, Sequence[Month]]]:
    """Each range with the months that share hours with it."""
    starts = [month.hours.start for month in rolled.months]
    ends = [month.hours.end for month in rolled.months]
    for asked in ranges:
        if asked.start < asked.end:
            first, last = bisect_right(ends, asked.start), bisect_left(starts, asked.end)
            yield asked, rolled.months[first:last]


def _of_pages(asked: Range, months: Sequence[Month], found: PageParts) -> Iterator[Range]:
    """Puts the sums that are taken into `found`: the hours that they are of."""
    for month in months:
        start, end = month.hours
        if month.whole and asked.start <= start and end <= asked.end:
            year, which = year_of(month.number)
            found.months[year] = found.months.get(year, 0) | 1 << (which - 1)
            yield month.hours
            continue
        first = max(-(-(asked.start - start) // DAY_HOURS), 0)
        last = max(min(asked.end - start, end - start) // DAY_HOURS, first)
        bits = month.rolled & ((1 << last) - (1 << first))
        if bits:
            found.days[month.number] = found.days.get(month.number, 0) | bits
            yield from _days(month, bits, asked)


def _leave(
    hours: list[Range],
    asked: Range,
    months: Sequence[Month],
    taken: list[Range],
    *,
    listed: bool,
) -> None:
    """Adds what hourly rows may have of `asked` beside what is `taken`."""
    if [asked] == taken:
        return
    held = [asked]
    if listed:
        held = [part for month in months for part in _days(month, month.rolled | month.left, asked)]
    for part in _without(held, taken):
        adjoins = hours and hours[-1].end == part.start
        hours.append(Range(hours.pop().start, part.end) if adjoins else part)


def _days(month: Month, bits: int, asked: Range) -> Iterator[Range]:
    """The hours of days of the month that are asked for."""
    start = month.hours.start
    for first, end in runs(bits):
        found = Range(
            Hour(max(start + first * DAY_HOURS, asked.start)),
            Hour(min(start + end * DAY_HOURS, asked.end)),
        )
        if found.start < found.end:
            yield found


def _add_hours(days: dict[int, int], kept: Range) -> None:
    for day in range(day_of(kept.start), day_of(Hour(kept.end - 1)) + 1):
        start = day * DAY_HOURS
        first, end = max(kept.start - start, 0), min(kept.end - start, DAY_HOURS)
        days[day] = days.get(day, 0) | ((1 << end) - (1 << first))


def _without(parts: Iterable[Range], taken: Sequence[Range]) -> Iterator[Range]:
    """`parts` less `taken`; both ascend, and of either several may lie in one of the other."""
    gone = 0
    for part in parts:
        at = part.start
        while gone < len(taken) and taken[gone].start < part.end:
            if at < taken[gone].start:
                yield Range(at, taken[gone].start)
            at = max(at, taken[gone].end)
            if taken[gone].end > part.end:
                # The next part may lie in it too.
                break
            gone += 1
        if at < part.end:
            yield Range(at, part.end)
