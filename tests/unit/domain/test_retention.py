"""How long things are kept, and a job that goes on whatever happens."""

import asyncio
import logging
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StoreUnavailable
from domain.events import Epoch, Hour
from domain.generations import RECORDED_BEFORE_MS, complete_from
from domain.hours import HOUR_MS, hour_of, parse_instant
from domain.ports.common import Jobs
from domain.reports import HourlyViews
from domain.retention import Removal, horizon, log_cut_ms, stream_max_age
from projector.housekeeping.loop import keep_house
from projector.housekeeping.retention import Retention, retain

NOW = parse_instant("2025-07-16T10:20:00Z")
moments = st.integers(0, parse_instant("2100-01-01T00:00:00Z"))
days = st.integers(1, 36_500)


def test_the_horizon_is_whole_days_before_this_hour() -> None:
    assert horizon(NOW, 10) == hour_of(parse_instant("2025-07-06T10:00:00Z"))
    assert log_cut_ms(NOW, 10) == parse_instant("2025-07-05T10:00:00Z")
    assert stream_max_age(10) == "12D"


def test_without_days_everything_is_kept() -> None:
    assert (horizon(NOW, 0), log_cut_ms(NOW, 0), stream_max_age(0)) == (None, None, None)


@given(now_ms=moments, days=days, hour=st.integers(-1_000_000, 1_200_000), early=st.data())
def test_the_log_holds_every_event_of_every_hour_that_is_kept(
    now_ms: int, days: int, hour: int, early: st.DataObject
) -> None:
    oldest, cut_ms = horizon(now_ms, days), log_cut_ms(now_ms, days)
    assert oldest is not None
    assert cut_ms is not None
    hour = max(hour, oldest)
    recorded_ms = hour * HOUR_MS - early.draw(st.integers(-10 * HOUR_MS, RECORDED_BEFORE_MS))
    assert recorded_ms >= cut_ms


@given(now_ms=moments, days=days, before=st.integers(1, 10**12))
def test_a_log_cut_behind_its_last_old_entry_gives_every_hour_back(
    now_ms: int, days: int, before: int
) -> None:
    oldest, cut_ms = horizon(now_ms, days), log_cut_ms(now_ms, days)
    assert oldest is not None
    assert cut_ms is not None
    complete = complete_from([cut_ms - before])
    assert complete is not None
    assert complete <= oldest


@given(now_ms=moments, later=st.integers(0, 10**12), days=days)
def test_the_horizon_follows_the_clock_and_a_smaller_number_is_further_on(
    now_ms: int, later: int, days: int
) -> None:
    here, there = horizon(now_ms, days), horizon(now_ms + later, days)
    assert here is not None
    assert there is not None
    assert here <= there
    assert here < (horizon(now_ms, days - 1) or there + 1)


def test_hours_that_are_past_are_in_no_answer() -> None:
    found = HourlyViews({Hour(1): 1, Hour(2): 2, Hour(3): 3}, Hour(2))
    assert (found, found.horizon) == ({Hour(2): 2, Hour(3): 3}, 2)


class OneJob:
    """A job that is always free."""

    def __init__(self) -> None:
        self.released = 0

    async def acquire(self, name: str, owner: str) -> Epoch | None:
        return Epoch(1)

    async def renew(self, name: str, owner: str, epoch: Epoch) -> None: ...

    async def release(self, name: str, owner: str, epoch: Epoch) -> None:
        self.released += 1

    async def holder(self, name: str) -> str | None:
        return None


class Failing:
    """Raises each of `failures` in turn, then has nothing to remove."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = [*failures]

    async def run(self, _: Epoch) -> Removal:
        if self.failures:
            raise self.failures.pop(0)
        return Removal(Hour(0))


async def test_what_goes_wrong_is_logged_and_tried_next_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs, failing = OneJob(), Failing(StoreUnavailable("gone"), ZeroDivisionError("a mistake"))
    stop = asyncio.Event()

    async def drop_what_is_past() -> None:
        await retain(cast(Jobs, jobs), "retention", cast(Retention, failing), "me", 10.0)

    async def audit() -> None:
        stop.set()

    with caplog.at_level(logging.INFO):
        async with asyncio.timeout(5):
            await keep_house([drop_what_is_past, audit], 0.0, 0.0, stop)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert jobs.released == 3
