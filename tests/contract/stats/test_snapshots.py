"""Answers are of one moment of the live generation, and end when nobody waits for them."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.page_rules import PageRules
from domain.ports.stats import HourlyRow
from domain.retention import NOTHING_PAST
from domain.stats.answers import Standing
from domain.stats.ranking import By, Listing
from domain.stats.selection import EVERYTHING, Kind, Selection
from rows.layout import layout_of
from rows.stats import export, snapshot
from rows.stats.snapshot import Snapshot, Snapshots
from rows.tables import generations, hourly_views, retention
from rows.turns import Turns
from tests.contract.stats.site import DAY, ONE, POSTGRES, TWO, Site, promote

MANY = {(f"page-{number:02}", 5, 0): 1 for number in range(20)}
# Minutes of work for either.
_LONG = text(
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000000000)"
    " SELECT count(*) FROM number"
)


async def undo(site: Site) -> None:
    """The first is live again, for the tests that follow."""
    async with site.engine.begin() as connection:
        await connection.execute(delete(generations).where(generations.c.generation == TWO))
        await connection.execute(update(generations).values(state="live"))
    await layout_of(site.engine).remove(TWO)


@pytest.fixture
def promoted(site: Site) -> Site:
    """Pages are named anew in the second."""
    site.holds({("Example.com/A", 5, 0): 7})
    site.run(promote(site, {("example.com/A", 5, 0): 3, ("example.com/A", 6, 1): 2}, "lower-host"))
    return site


@pytest.fixture
def demoted(site: Site) -> Iterator[None]:
    yield
    site.run(undo(site))


@pytest.mark.usefixtures("demoted")
def test_the_live_generation_answers_under_its_names(promoted: Site) -> None:
    stats = promoted.stats
    for selection in (
        EVERYTHING,
        Selection(Kind.PAGE, "EXAMPLE.com/A"),
        Selection(Kind.SITE, "EXAMPLE.COM"),
        Selection(Kind.PREFIX, "example.com/"),
    ):
        found = promoted.run(stats.series(selection, [DAY]))
        assert (found.standing.generation, found.views) == (TWO, [[5]])
    found = promoted.run(stats.series(Selection(Kind.PREFIX, "Example.com/"), [DAY]))
    assert found.views == [[0]]
    assert promoted.exported(EVERYTHING, DAY) == [("example.com/A", 5, 3), ("example.com/A", 6, 2)]
    standing = Standing(TWO, Hour(NOTHING_PAST), "lower-host")
    assert promoted.run(stats.standing()).same_rows(standing)


@pytest.mark.usefixtures("demoted")
def test_rows_that_are_being_read_stay_those_of_one_moment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK_ROWS", 3)
    site.holds(MANY)

    async def read() -> list[str]:
        found = []
        rows: Any = site.stats.rows(EVERYTHING, DAY)
        async with aclosing(rows):
            async for row in rows:
                found.append(row.page)
                if len(found) == 2:
                    # Nobody who writes waits for whoever reads.
                    async with asyncio.timeout(20):
                        async with site.engine.begin() as connection:
                            await layout_of(site.engine).add(
                                connection, ONE, {("zzz", Hour(5), 0): 1}
                            )
                        await promote(site, {("other", 5, 0): 1}, "")
        return found

    assert site.run(read()) == sorted({page for page, *_ in MANY})


def test_what_changed_under_an_answer_is_asked_again(site: Site) -> None:
    site.holds({("a", 5, 0): 1, ("a", 9, 0): 2})
    asked: list[Standing] = []

    async def ask(found: Snapshot) -> Standing:
        asked.append(found.standing)
        if len(asked) == 1:
            # As retention does before it drops anything.
            async with site.engine.begin() as connection:
                await connection.execute(update(retention).values(horizon=8))
        return found.standing

    answered = site.run(Snapshots(site.reading, Turns(1)).answer(ask))
    assert [standing.horizon for standing in asked] == [NOTHING_PAST, 8]
    assert answered == asked[-1]


def test_what_changes_all_the_time_is_not_asked_for_ever(site: Site) -> None:
    site.holds({})
    horizons = iter(range(1_000))

    async def ask(found: Snapshot) -> None:
        async with site.engine.begin() as connection:
            await connection.execute(update(retention).values(horizon=next(horizons)))

    with pytest.raises(StoreUnavailable, match="again and again"):
        site.run(Snapshots(site.reading, Turns(1)).answer(ask))


def test_all_statements_of_an_answer_see_one_moment(site: Site) -> None:
    site.holds({("a", 5, 0): 1})
    rows = select(hourly_views.c.views)

    async def ask(found: Snapshot) -> list[list[Any]]:
        before = await found.rows(rows)
        async with site.engine.begin() as connection:
            await layout_of(site.engine).add(connection, ONE, {("a", Hour(5), 0): 1})
        return [list(before), list(await found.rows(rows))]

    assert site.run(Snapshots(site.reading, Turns(1)).answer(ask)) == [[(1,)], [(1,)]]


@pytest.mark.parametrize("opened", [POSTGRES], indirect=True)
def test_a_snapshot_can_write_nothing(site: Site) -> None:
    async def ask(found: Snapshot) -> list[str]:
        names = ("transaction_isolation", "transaction_read_only", "plan_cache_mode")
        return [(await found.rows(text(f"SHOW {name}")))[0][0] for name in names]

    found = site.run(Snapshots(site.reading, Turns(1)).answer(ask))
    assert found == ["repeatable read", "on", "force_custom_plan"]


def test_a_database_that_was_not_restored_whole_says_so(site: Site) -> None:
    async def lose() -> None:
        async with site.engine.begin() as connection:
            await connection.execute(delete(retention))

    async def restore() -> None:
        async with site.engine.begin() as connection:
            await connection.execute(insert(retention).values(id=1, horizon=NOTHING_PAST))

    site.run(lose())
    try:
        with pytest.raises(StoreUnavailable, match="table retention has no row"):
            site.run(site.stats.bounds())
    finally:
        site.run(restore())


def test_whoever_does_not_take_the_rows_loses_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAUSE_SECONDS", 0)
    site.holds(MANY)

    async def read() -> list[HourlyRow]:
        found = []
        rows: Any = site.stats.rows(EVERYTHING, DAY)
        async with aclosing(rows):
            async for row in rows:
                found.append(row)
                # The loop gets its turn, in which the time is over.
                await asyncio.sleep(0.001)
        return found

    with pytest.raises(StoreUnavailable, match="not taken in time"):
        site.run(read())
    # And nothing is left of it.
    monkeypatch.undo()
    assert len(site.exported(EVERYTHING, DAY)) == len(MANY)


def test_rows_that_nobody_wants_any_more_are_let_go(site: Site) -> None:
    site.holds(MANY)

    async def first_of_several() -> None:
        for _ in range(20):
            rows: Any = site.stats.rows(EVERYTHING, DAY)
            async with aclosing(rows):
                assert (await anext(rows)).page == "page-00"

    site.run(first_of_several())


def test_a_statement_that_takes_too_long_is_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SECONDS", 0.05)

    async def ask(found: Snapshot) -> object:
        if found.on_postgresql:
            # As a DBA may have set it for the role; without, the connection has a limit.
            await found.connection.exec_driver_sql("SET LOCAL statement_timeout = 50")
        return await found.rows(_LONG)

    with pytest.raises(StoreUnavailable, match=r"no answer in time|statement timeout"):
        site.run(Snapshots(site.reading, Turns(1)).answer(ask))
    monkeypatch.undo()
    assert site.run(site.stats.bounds()).rows == 0


def test_a_statement_that_nobody_waits_for_is_ended(site: Site) -> None:
    async def ask(found: Snapshot) -> object:
        return await found.rows(_LONG)

    async def give_up() -> None:
        asking = asyncio.ensure_future(Snapshots(site.reading, Turns(1)).answer(ask))
        done, _ = await asyncio.wait([asking], timeout=0.3)
        assert not done
        asking.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await asking

    site.run(give_up())
    assert site.run(site.stats.bounds()).rows == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("%", ["a/%_"]),
        ("_", ["a/%_"]),
        ("\\", ["a/\\"]),
        ("É", ["a/É"]),
        ("BLOG", ["A/Blog"]),
        ("a/", ["A/Blog", "a/%_", "a/\\", "a/É"]),
        ("'", []),
        ("", ["A/Blog", "a/%_", "a/\\", "a/É"]),
    ],
)
def test_a_search_is_plain_text(site: Site, search: str, found: list[str]) -> None:
    site.holds({(page, 5, 0): 1 for page in ("a/%_", "a/\\", "a/É", "A/Blog")})
    answer = site.run(site.stats.ranking(Listing(By.PAGE, DAY, search=search)))
    assert [row.name for row in answer.rows] == found
    assert (answer.names, answer.total) == (len(found), len(found))


def test_rules_of_the_live_generation_are_part_of_the_snapshot(site: Site) -> None:
    site.holds({}, rules="lower-host")

    async def ask(found: Snapshot) -> str:
        return found.rules.text

    assert site.run(Snapshots(site.reading, Turns(1)).answer(ask)) == PageRules("lower-host").text
    site.holds({})
