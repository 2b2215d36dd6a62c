"""What there is to say of clocks, and of a horizon that one of them moved."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.clocks import DIFFER_MS, TOLERATED_MS, Known
from domain.events import Hour
from domain.hours import HOUR_MS, as_text, hour_of
from domain.retention import NOTHING_PAST, horizon
from projector.housekeeping.reset import Reset

_DAY_MS = 24 * HOUR_MS
RESET = "footfall retain --reset-horizon shows what moving it back brings"


class Seen(NamedTuple):
    """Two clocks, what is known of the time by them, and the horizon."""

    host_ms: int
    database_ms: int
    known: Known
    horizon: Hour


def clock_lines(seen: Seen, days: int) -> Iterator[str]:
    """NOTE, WARN and ERROR lines of `footfall check`; `days` is RETENTION_DAYS."""
    yield from _clocks(seen)
    now = min(seen.host_ms, seen.database_ms)
    # The least that can be kept is a day: no RETENTION_DAYS moves the horizon beyond that, but for
    # an hour that begins earlier elsewhere.
    if seen.horizon > hour_of(now - _DAY_MS) + 1:
        yield (
            f"ERROR horizon: hours before {as_text(seen.horizon)} are in no report and are "
            f"dropped, and by the clock it is {as_text(hour_of(now))}: a clock was wrong, or is "
            f"now. Set it right; {RESET}"
        )
    elif seen.horizon > (wanted := horizon(now, days) or NOTHING_PAST) + 1:
        means = as_text(wanted) if days else "all are kept"
        yield (
            f"NOTE  horizon: the oldest hour kept is {as_text(seen.horizon)}, "
            f"RETENTION_DAYS={days} means {means}: it was smaller, or a clock was wrong. {RESET}"
        )


def held_line(known: Known) -> str:
    """What is held back because the clock jumped."""
    return (
        f"the clock is {_span(known.ahead_ms)} ahead of {as_text(hour_of(known.believed_ms))}, the "
        f"last moment that is known: nothing is dropped for that, {_span(known.watched_ms)} of "
        f"running have confirmed it. If it is wrong, set it right; if the service was stopped for "
        "so long, footfall retain --accept-clock"
    )


def reset_lines(reset: Reset) -> Iterator[str]:
    """What moving the horizon back brings."""
    yield f"by the clocks it is {as_text(hour_of(reset.now_ms))}"
    old = as_text(reset.old) if reset.old > NOTHING_PAST else "none is past"
    if not reset.needed:
        yield f"oldest hour kept: {old}, RETENTION_DAYS does not mean an earlier one"
        return
    new = as_text(reset.new) if reset.new > NOTHING_PAST else "all are kept"
    yield f"oldest hour kept: {old} now, {new} afterwards"
    yield "hours between are accepted again, and in reports with the rows that are still there"
    if reset.dropped_views:
        yield f"rows with {reset.dropped_views:,} views were dropped since the first was counted"
    yield f"the log holds {reset.log_entries:,} entries, {_reaches(reset)}"
    yield (
        "footfall replay --accept-diff counts again what it holds of these hours (where it asks "
        "for --carry-over, with that)"
    )


def _clocks(seen: Seen) -> Iterator[str]:
    apart = seen.host_ms - seen.database_ms
    if abs(apart) > DIFFER_MS:
        side = "ahead of" if apart > 0 else "behind"
        yield (
            f"WARN  clocks: this host is {_span(abs(apart))} {side} the database: set the one "
            "right that is wrong; what is dropped goes by the earlier one"
        )
    if seen.known.ahead_ms:
        yield f"WARN  clocks: {held_line(seen.known)}"
    behind = seen.known.believed_ms - min(seen.host_ms, seen.database_ms)
    if behind > TOLERATED_MS:
        yield (
            f"WARN  clocks: {_span(behind)} behind {as_text(hour_of(seen.known.believed_ms))}, "
            "which was believed already: set the clock right, or where it is right now, "
            "footfall retain --accept-clock"
        )


def _reaches(reset: Reset) -> str:
    if reset.whole:
        return "all that were ever appended"
    if reset.oldest_ms is None:
        return "none of them readable at its beginning"
    return f"the oldest recorded {as_text(hour_of(reset.oldest_ms))}; older ones were deleted"


def _span(milliseconds: int) -> str:
    if milliseconds < HOUR_MS:
        return f"{milliseconds // 60_000} min"
    if milliseconds < 2 * _DAY_MS:
        return f"{milliseconds // HOUR_MS} h"
    return f"{milliseconds // _DAY_MS:,} days"
