"""Hour arithmetic, always UTC. Nothing here knows the present."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from domain.events import MAX_AT_MS, MIN_AT_MS, Hour

HOUR_MS = 3_600_000
REPORT_HOURS = 24
MAX_AHEAD_MS = HOUR_MS
"""How far in the future a view may be: clocks differ."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=8_192)
def parse_instant(text: str) -> int:
    """Milliseconds since 1970 for an ISO 8601 date and time.

    Naive means UTC; `_` is accepted in place of `T`. Raises `ValueError` for anything else,
    moments outside the years 1 to 9999 included.
    """
    # A bare date, a week date or a basic-format number are ISO 8601 too, but never a moment.
    if len(text) > 40 or len(text) < 13 or text[4] != "-" or text[10] not in "T_ ":
        raise ValueError(text)
    parsed = datetime.fromisoformat(text.replace("_", "T", 1))
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    at_ms = (parsed - _EPOCH) // timedelta(milliseconds=1)
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
