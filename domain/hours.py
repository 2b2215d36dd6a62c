"""Hour arithmetic, always UTC. Nothing here knows the present."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from domain.events import MAX_AT_MS, MIN_AT_MS, Hour

HOUR_MS = 3_600_000
REPORT_HOURS = 24
MAX_AHEAD_MS = HOUR_MS
"""How far in the future a view may be: clocks differ."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

# A date with dashes, a clock with colons or without any, seconds to the 60th, an offset that may be
# to the second or finer. All of it is bounded, and narrower than what any Python reads: they differ
# in what else they take for a moment.
_SHAPE = re.compile(
    r"""
    [0-9]{4} - [0-9]{2} - [0-9]{2}
    [Tt_\x20]
    (?: (?:[01][0-9]|2[0-3])
        (?: : [0-5][0-9] (?: : (?:[0-5][0-9]|(?P<leap>60)) (?:[.,][0-9]{1,20})? )? )?
      | (?:[01][0-9]|2[0-3]) [0-5][0-9] (?: [0-5][0-9] (?:[.,][0-9]{1,20})? )?
    )
    (?: [Zz]
      | [+-] (?:[01][0-9]|2[0-3])
        (?: : [0-5][0-9] (?: : [0-5][0-9] (?:\.[0-9]{1,6})? )?
          | [0-5][0-9] (?:[0-5][0-9])? )?
    )?
    """,
    re.VERBOSE,
).fullmatch


@lru_cache(maxsize=8_192)
def parse_instant(text: str) -> int:
    """Milliseconds since 1970 for a date and time of ISO 8601, or of RFC 3339.

    Naive means UTC; `t`, `_` and a space are accepted in place of `T`, `z` in place of `Z`. Minutes
    and seconds may be left out, what is finer than a millisecond is cut off. The second 60 is the
    first of the next minute, as POSIX counts. Raises `ValueError` for anything else, moments
    outside the years 1 to 9999 included.
    """
    shape = _SHAPE(text)
    if shape is None:
        raise ValueError(text)
    leap_ms = 0
    if shape["leap"]:
        text, leap_ms = f"{text[:17]}59{text[19:]}", 1_000
    parsed = datetime.fromisoformat(text.replace("_", "T", 1).upper())
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    at_ms = (parsed - _EPOCH) // _MS + leap_ms
    if not MIN_AT_MS <= at_ms <= MAX_AT_MS:
        raise ValueError(text)
    return at_ms


def hour_of(at_ms: int) -> Hour:
    """The hour that holds the moment."""
    return Hour(at_ms // HOUR_MS)


def to_datetime(hour: Hour) -> datetime:
    """The start of `hour`, clamped to what a datetime can hold."""
    bounded = min(max(hour, MIN_AT_MS // HOUR_MS), MAX_AT_MS // HOUR_MS)
    return _EPOCH + timedelta(hours=bounded)


def as_text(hour: Hour) -> str:
    """The start of `hour` for people, as in 2025-07-16T10:00Z."""
    return f"{to_datetime(hour):%Y-%m-%dT%H:00Z}"


def as_iso(hour: Hour) -> str:
    """The start of `hour` for machines, as in 2025-07-16T10:00:00Z."""
    return to_datetime(hour).isoformat().replace("+00:00", "Z")


def as_moment(at_ms: int) -> str:
    """A moment to the second, as in 2025-07-16T10:00:05Z."""
    return f"{_EPOCH + timedelta(seconds=at_ms // 1_000):%Y-%m-%dT%H:%M:%SZ}"


def as_millisecond(at_ms: int) -> str:
    """A moment as it is, as in 2025-07-16T10:00:05.250Z."""
    return f"{as_moment(at_ms)[:-1]}.{at_ms % 1_000:03}Z"


def from_datetime(moment: datetime) -> Hour:
    """The hour that holds `moment`; naive means UTC."""
    if moment.tzinfo is None:
        # The PostgreSQL driver hands out the first moment of the year 1 that way.
        moment = moment.replace(tzinfo=UTC)
    return Hour((moment - _EPOCH) // timedelta(hours=1))


def report_window(now_ms: int) -> range:
    """The 24 whole hours before the hour of `now_ms`, oldest first."""
    end = hour_of(now_ms)
    return range(end - REPORT_HOURS, end)
