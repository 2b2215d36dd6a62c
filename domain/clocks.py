"""How much of what a clock says is believed: what is deleted because of it is gone for ever.

A clock that jumps ahead, as one does that is set wrong, looks like a service that stood still for
as long. Only time that passes while it runs tells them apart, or somebody who knows.
"""

from msgspec import Struct

from domain.hours import HOUR_MS

TOLERATED_MS = 24 * HOUR_MS
"""What a clock may be ahead of what is known and still be believed: a service that was stopped over
night. No more than the least that RETENTION_DAYS can keep."""
DIFFER_MS = 60_000
"""Clocks that differ by more are told of."""


class Known(Struct, frozen=True):
    """What is known of the time, kept from one look at the clocks to the next.

    `believed_ms` is the latest moment that was believed, 0 before the first. `ahead_ms` is by how
    much the clocks are ahead of it since they jumped, 0 where they did not, `watched_ms` how long
    they were seen to go on from there.
    """

    believed_ms: int
    ahead_ms: int = 0
    watched_ms: int = 0

    def at(self, now_ms: int) -> int:
        """The moment that what is deleted is judged by, where the clocks say `now_ms`."""
        return min(now_ms, self.believed_ms)


def first_look(now_ms: int, newest_ms: int) -> Known:
    """What is known before anybody looked: what was recorded happened, but not after the present.

    `newest_ms` is when the last batch that was folded had been recorded, 0: none was.
    """
    return Known(min(newest_ms or now_ms, now_ms))


def look(known: Known, now_ms: int, ran_ms: int, newest_ms: int) -> Known:
    """What is known after the clocks said `now_ms`.

    `ran_ms` have passed since `known` was true that no clock on the wall was needed to measure, 0
    where nobody was there to measure them. `newest_ms` is when the last batch that was folded had
    been recorded.

    A jump is believed once the service ran for as long as it reaches, and views were taken
    meanwhile: a clock that is wrong for a year has that year to be noticed.
    """
    reach = known.believed_ms + ran_ms
    if now_ms <= reach + TOLERATED_MS:
        return Known(max(known.believed_ms, now_ms))
    if known.ahead_ms and now_ms <= reach + known.ahead_ms + TOLERATED_MS:
        believed = max(known.believed_ms, now_ms - known.ahead_ms)
        watched = known.watched_ms + ran_ms
        if watched >= known.ahead_ms and newest_ms >= now_ms - TOLERATED_MS:
            return Known(now_ms)
        return Known(believed, now_ms - believed, watched)
    # Another jump than the one that was known, if any: watched from the beginning.
    return Known(reach, now_ms - reach)
