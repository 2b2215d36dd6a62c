"""Following: for as long as somebody looks, through outages, each view once."""

import pytest

from domain.page_rules import PageRules
from read_api.live import follower as follower_module
from read_api.live import following as following_module
from read_api.live.state import State
from tests.acceptance.processes import until
from tests.factories import HOUR_MS
from tests.unit.read_api.live.live import NOW, THREE, TWO, site


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes less here."""
    monkeypatch.setattr(following_module, "_QUIET_SECONDS", 0.02)
    monkeypatch.setattr(following_module, "_NAMING_SECONDS", 0.05)
    monkeypatch.setattr(follower_module, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(follower_module, "AFTER_SECONDS", 0.1)


async def test_nothing_is_opened_before_somebody_looks() -> None:
    async with site() as its:
        await its.viewed("a/1")
        assert its.log.readers == 0
        assert its.told().state == "catching-up"
        with its.follower.looking():
            await its.until_told(1)
            assert its.log.readers == 1


async def test_half_an_hour_back_and_what_comes_are_heard_once() -> None:
    async with site() as its:
        await its.viewed("a/old", at_ms=NOW - HOUR_MS)
        await its.viewed("a/1", "a/2", at_ms=NOW - HOUR_MS // 3)
        with its.follower.looking(), its.follower.looking():
            await its.until_told(2)
            body = await its.viewed("b/1", partition=TWO)
            await its.log.append(TWO, body)
            await its.viewed("a/1")
            await its.until_told(4)
            assert its.log.readers == 1


async def test_it_ends_when_the_last_has_left_and_begins_again() -> None:
    async with site() as its:
        await its.viewed("a/1")
        for _ in range(2):
            with its.follower.looking():
                with its.follower.looking():
                    await its.until_told(1)
                assert its.follower.lookers == 1
            assert its.log.readers == 1

            async def closed() -> bool:
                return its.log.readers == 0 and its.follower.following is None

            await until(closed, "the log being let go of", 10)


async def test_who_asked_once_keeps_it_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower_module, "POLLED_SECONDS", 0.3)
    async with site() as its:
        its.follower.asked()
        await its.follower.caught_up(5)
        assert its.told().state == "following"

        async def closed() -> bool:
            return its.log.readers == 0

        await until(closed, "the log being let go of", 10)


async def test_an_outage_is_told_and_nothing_is_heard_twice_after_it() -> None:
    async with site() as its:
        with its.follower.looking():
            await its.viewed("a/1")
            await its.until_told(1)
            its.log.lose()
            found = await its.until_told(1, State.STANDS_STILL)
            assert found.stands_still_since == "2025-07-16T10:00:30Z"
            assert "the log cannot be reached" in found.notes[1]
            assert "secret" not in found.notes[1]
            its.now += 5_000
            assert its.told().stands_still_since == "2025-07-16T10:00:30Z"
            await its.viewed("a/2")
            its.log.find()
            found = await its.until_told(2)
            assert found.stands_still_since is None
            assert len(found.notes) == 1


async def test_a_log_that_is_not_reached_is_not_known() -> None:
    async with site() as its:
        its.log.lose()
        its.follower.asked()
        await its.follower.caught_up(5)
        found = its.told()
        assert (found.state, found.views, found.stands_still_since) == ("unknown", None, None)
        assert set(found.minutes) == {None}
        assert "not reached from here" in found.notes[1]
        await its.viewed("a/1")
        its.log.find()
        await its.until_told(1)


async def test_a_log_that_was_made_anew_is_heard_from_its_beginning() -> None:
    async with site() as its:
        with its.follower.looking():
            for _ in range(3):
                await its.viewed("a/1")
            await its.until_told(3)
            its.log.lose()
            await its.until_told(3, State.STANDS_STILL)
            its.log.entries.clear()
            await its.viewed("b/1")
            its.log.find()
            await its.until_told(1)


async def test_where_pages_get_other_names_all_of_it_is_heard_by_these() -> None:
    async with site() as its:
        await its.viewed("a/1?q", "a/1")
        with its.follower.looking():
            found = await its.until_told(2)
            assert {row.page for row in found.latest} == {"a/1?q", "a/1"}
            its.rules = PageRules("strip-query")

            async def renamed() -> bool:
                return [(row.page, row.views) for row in its.told().latest] == [("a/1", 2)]

            await until(renamed, "pages by their new names", 10)


async def test_partitions_that_come_later_are_heard() -> None:
    async with site() as its:
        with its.follower.looking():
            await its.until_told(0)
            its.partitions.append(THREE)
            await its.viewed("c/1", partition=THREE)
            await its.until_told(1)


async def test_the_rows_may_be_away() -> None:
    async with site() as its:
        its.rows_away = True
        with its.follower.looking():
            await its.viewed("a/1")
            await its.until_told(1)


async def test_what_is_over_goes_though_nothing_comes() -> None:
    async with site() as its:
        with its.follower.looking():
            await its.viewed("a/1")
            await its.until_told(1)
            its.now += HOUR_MS

            async def gone() -> bool:
                following = its.follower.following
                return following is not None and following.counts.bytes == 0

            await until(gone, "what is over being let go of", 10)
            assert its.told().views == 0


async def test_at_the_end_of_the_process_nobody_waits() -> None:
    async with site() as its:
        with its.follower.looking():
            await its.until_told(0)
            its.follower.end()
            await its.follower.beyond(10_000, 60)
            await its.follower.pause(60)
        assert its.follower.ended
