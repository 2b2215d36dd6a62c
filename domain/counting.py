"""The rows that the events of one batch make."""

from collections.abc import Sequence

from domain.agents.classes import agent_of
from domain.dimensions import Dimension, DimensionKey
from domain.events import Batch, Hour, PageViewed
from domain.generations import Carry
from domain.hours import HOUR_MS, MAX_AHEAD_MS
from domain.moments import ahead_of_record
from domain.sources import Sources
from domain.stats.selection import site_of

RowKey = tuple[str, Hour, int]
"""Page, hour, slot: a shard key, and which class looked (`domain.agents.classes`)."""

Slots = Sequence[int] | None
"""Where the row of each event stands; None: all where the batch's shard key says."""


def add_rows(
    rows: dict[RowKey, int], batch: Batch, events: list[PageViewed], slots: Slots
) -> int | None:
    """Add those of `events`, and how many views that are; None, and nothing is added, if
    `ahead_of_record` objects to the batch.
    """
    doubtful, shard, views = False, batch.shard, 0
    # What is ahead is looked for on the way, by the hour: a look at each moment costs several
    # per cent of the fold.
    last_hour = (batch.recorded_ms + MAX_AHEAD_MS) // HOUR_MS
    if slots is None:
        for event in events:
            hour = event.at_ms // HOUR_MS
            if hour >= last_hour:
                doubtful = True
            key = (event.page, hour, shard)
            count = event.count
            rows[key] = rows.get(key, 0) + count  # type: ignore[index, arg-type]
            views += count
    else:
        # The same again: one loop for both takes some per cent of it where nothing is known.
        for event, slot in zip(events, slots, strict=True):
            hour = event.at_ms // HOUR_MS
            if hour >= last_hour:
                doubtful = True
            key = (event.page, hour, slot)
            count = event.count
            rows[key] = rows.get(key, 0) + count  # type: ignore[index, arg-type]
            views += count
    if doubtful and ahead_of_record(batch):
        _take_back(rows, events, slots or [shard] * len(events))
        return None
    return views


def add_guarded(
    rows: dict[RowKey, int],
    batch: Batch,
    events: Sequence[PageViewed],
    slots: Slots,
    left: Sequence[int],
) -> int:
    """Add those of `events` that the batch's guard is about, and how many views that are.

    Only those at the places `left` have views: of the others it is known that they were there.
    """
    assert batch.guard is not None
    views, counted = 0, {*left}
    for place, flag in enumerate(batch.guard.flags(len(events))):
        if flag:
            event = events[place]
            slot = batch.shard if slots is None else slots[place]
            key = (event.page, Hour(event.at_ms // HOUR_MS), slot)
            count = event.count if place in counted else 0
            rows[key] = rows.get(key, 0) + count
            views += count
    return views


def told_beside(batch: Batch) -> list[tuple[Dimension, Sources]]:
    """What the batch tells of its views beside their pages: a column for each dimension."""
    return [] if batch.sources is None else [(Dimension.SOURCE, batch.sources)]


def add_beside(
    gathered: dict[DimensionKey, int],
    told: Sequence[tuple[Dimension, Sources]],
    events: Sequence[PageViewed],
    slots: Slots,
    left: Sequence[int],
) -> None:
    """Add what is known of those of `events` at the places `left`."""
    for dimension, column in told:
        # Plain keys first: a batch has few that differ, and a named one costs as much as an event.
        found: dict[tuple[str, int, int, int], int] = {}
        sites: dict[str, str] = {}
        of = column.of
        for place in left:
            text = of[place]
            if text is None:
                continue
            event = events[place]
            site = sites.get(event.page)
            if site is None:
                site = sites[event.page] = site_of(event.page)
            plain = (site, event.at_ms // HOUR_MS, text, 0 if slots is None else slots[place])
            found[plain] = found.get(plain, 0) + event.count
        for (site, hour, text, slot), views in found.items():
            key = DimensionKey(dimension, site, Hour(hour), column.texts[text], agent_of(slot))
            gathered[key] = gathered.get(key, 0) + views


def not_carried(events: Sequence[PageViewed], carry: Carry) -> list[int]:
    """The places of those of the hours that were not copied."""
    return [n for n, event in enumerate(events) if not carry.covers(event.at_ms // HOUR_MS)]


def at_places(
    events: Sequence[PageViewed], slots: Slots, places: Sequence[int]
) -> tuple[list[PageViewed], Slots]:
    """The events at these places."""
    return [events[n] for n in places], None if slots is None else [slots[n] for n in places]


def _take_back(rows: dict[RowKey, int], events: list[PageViewed], slots: Sequence[int]) -> None:
    for event, slot in zip(events, slots, strict=True):
        key = (event.page, Hour(event.at_ms // HOUR_MS), slot)
        rows[key] -= event.count
        if not rows[key]:
            del rows[key]
