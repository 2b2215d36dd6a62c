"""Days of a time zone as instants.

A zone's rules are those of the IANA database, by way of `zoneinfo`. A day begins at the first
instant that its zone calls by that date: where midnight is left out, later; a day that was left out
altogether (Apia's 30 December 2011) begins where the next one does.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.events import MAX_AT_MS, MIN_AT_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MIN_SECONDS, MAX_SECONDS = MIN_AT_MS // 1_000, MAX_AT_MS // 1_000
_DAY = 86_400
# No zone was ever further from UTC: Manila had -15:56 until 1844, Juneau +15:02 until 1867.
_FURTHEST = 16 * 3_600
_LONGEST_NAME = 64
# What a folder of zones may hold beside them: the machine's own zone, and copies of all with leap
# seconds, which nobody here counts.
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


class UnknownZone(ValueError):
    """No zone has that name."""


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name such as Europe/Berlin, in its spelling. Raises `UnknownZone`."""
    if not name.isascii() or len(name) > _LONGEST_NAME or name.startswith(_NO_ZONES):
        raise UnknownZone(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # A folder of zones, a path out of it, a file that is none.
        raise UnknownZone(name) from error


def local(seconds: int, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show at an instant, clamped to the years 1 to 9999."""
    bounded = min(max(seconds, MIN_SECONDS), MAX_SECONDS)
    moment = _EPOCH + timedelta(seconds=bounded)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def date_at(seconds: int, zone: ZoneInfo) -> date:
    """The date that an instant has in the zone."""
    return local(seconds, zone).date()


@lru_cache(maxsize=32_768)
def start_of(day: date, zone: ZoneInfo) -> int:
    """Seconds since 1970 of the first instant of a day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    naive = int((midnight.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    try:
        guess = naive - int((midnight.utcoffset() or timedelta()).total_seconds())
        if date_at(guess - 1, zone) < day <= date_at(guess, zone):
            return _bounded(guess)
    except OverflowError:
        return _bounded(naive)
    return _bounded(_first(day, zone, naive))


def instant_of(clock: datetime, zone: ZoneInfo) -> int:
    """Seconds since 1970 of what clocks in the zone show; the first of two, the later of none."""
    naive = int((clock.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    try:
        ahead = clock.replace(tzinfo=zone).utcoffset() or timedelta()
    except OverflowError:
        ahead = timedelta()
    return _bounded(naive - int(ahead.total_seconds()))


def _first(day: date, zone: ZoneInfo, naive: int) -> int:
    """The first instant with that date or a later one, where midnight does not tell."""
    before, after = naive - _FURTHEST - _DAY, naive + _FURTHEST + _DAY
    while after - before > 1:
        middle = (before + after) // 2
        if date_at(middle, zone) >= day:
            after = middle
        else:
            before = middle
    return after


def _bounded(seconds: int) -> int:
    return min(max(seconds, MIN_SECONDS), MAX_SECONDS)
