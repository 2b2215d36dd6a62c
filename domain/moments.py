"""Moments nobody can have meant: of a view by the batch it is in, of a batch by the present."""

from collections.abc import Mapping

from msgspec import Struct

from domain.events import MIN_AT_MS, Batch, Offset
from domain.hours import MAX_AHEAD_MS, as_moment
from domain.ports.common import Clock


def ahead_of_record(batch: Batch) -> str | None:
    """Why a batch cannot be what ingest wrote: a view in it lies too far after its recording.

    None where all is well. Decided by the bytes alone, so everywhere and always the same.
    """
    latest_ms = batch.recorded_ms + MAX_AHEAD_MS
    # Each batch that is folded comes by: nothing is kept of what is right.
    late = [event.at_ms for event in batch.events if event.at_ms > latest_ms]
    if not late:
        return None
    recorded = as_moment(batch.recorded_ms)
    return (
        f"it has a view of {as_moment(max(late))} and was recorded at {recorded}: ingest takes "
        "none that lies more than an hour ahead"
    )


class Decided(Struct, frozen=True):
    """What another generation has decided by a clock: of the offsets before `until`, those `aside`
    were set aside, each with its reason, and no others.
    """

    until: Offset = Offset(0)
    aside: Mapping[Offset, str] = {}


NOTHING_DECIDED = Decided()


class Judge:
    """Finds batches that were recorded in the future by `now_ms`, by more than clocks may differ.

    Whatever is `decided` is not decided again: a rebuild comes to the counts of the live fold
    whatever the time is by then.
    """

    def __init__(self, now_ms: Clock, decided: Decided = NOTHING_DECIDED) -> None:
        self._now_ms = now_ms
        self._decided = decided
        self.sure_ms = MIN_AT_MS - 1
        """What was recorded up to then need not be asked about any more, from the last offset on
        that was asked about."""

    def refusal(self, batch: Batch, offset: Offset) -> str | None:
        """Why the batch at `offset` is to be set aside, None where it is not."""
        if offset < self._decided.until:
            return self._decided.aside.get(offset)
        if batch.recorded_ms <= self.sure_ms:
            return None
        # Asked only where it may matter: time goes on, so what was the present is past.
        now_ms = self._now_ms()
        self.sure_ms = now_ms + MAX_AHEAD_MS
        if batch.recorded_ms <= self.sure_ms:
            return None
        return (
            f"it was recorded at {as_moment(batch.recorded_ms)}, and it was "
            f"{as_moment(now_ms)} when it was to be counted: one of the clocks is wrong"
        )


class Believing(Judge):
    """Takes a batch whenever it was recorded, as somebody has said, but no view of the future."""

    def refusal(self, batch: Batch, offset: Offset) -> str | None:
        newest = max((event.at_ms for event in batch.events), default=0)
        now_ms = self._now_ms()
        if newest <= now_ms + MAX_AHEAD_MS:
            return None
        return f"it has a view of {as_moment(newest)}, and it is {as_moment(now_ms)}"
