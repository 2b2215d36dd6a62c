"""Whose views are asked for: everybody's, or those of persons, robots, or nobody known."""

import pytest

from domain.agents.classes import Agent
from domain.events import Hour
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import OPEN, Site
from tests.unit.read_api.test_stats_answers import json
from tests.unit.read_api.test_stats_complete import PATHS, tag

VIEWS = {"all": 117, "person": 10, "robot": 7, "unknown": 100}
AGENTS = [*VIEWS]


def some() -> FakeStats:
    """Each class in the hour before the open one, and persons in the day before."""
    hour = Hour(OPEN - 1)
    known = {
        (hour, "a/x", Agent.PERSON): 7,
        (hour, "a/y", Agent.PERSON): 3,
        (hour, "a/x", Agent.ROBOT): 7,
    }
    return FakeStats({(hour, "a/x"): 60, (hour, "b"): 40}, known=known)


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("path", PATHS)
async def test_only_views_of_whom_is_asked_for_count(path: str, agent: str) -> None:
    found = await json(some(), path, f"agent={agent}")
    assert found["total"] == VIEWS[agent]
    assert found["question"]["agent"] == agent


@pytest.mark.parametrize("path", PATHS)
async def test_everybody_is_asked_for_where_nobody_is_named(path: str) -> None:
    whole = await json(some(), path)
    assert whole == await json(some(), path, "agent=all")
    assert whole["question"]["agent"] == "all"


async def test_lists_trends_and_movers_are_of_whom_is_asked_for() -> None:
    pages = await json(some(), "/stats/pages", "agent=person&trend=1&period=24h")
    assert [(row["page"], row["views"], row["trend"]) for row in pages["pages"]] == [
        ("a/x", 7, [7]), ("a/y", 3, [3]),
    ]  # fmt: skip
    movers = await json(some(), "/stats/movers", "agent=robot&period=24h")
    assert [(row["page"], row["views"]) for row in movers["risers"]] == [("a/x", 7)]
    bounds = await json(some(), "/stats/bounds", "agent=unknown")
    assert (bounds["pages"], bounds["sites"], bounds["rows"]) == (2, 2, 2)


@pytest.mark.parametrize(
    ("agent", "rows"),
    [("all", ["a/x,74", "a/y,3", "b,40"]), ("person", ["a/x,7", "a/y,3"]), ("robot", ["a/x,7"])],
)
async def test_an_export_has_the_same_shape_for_whoever_is_asked_for(
    agent: str, rows: list[str]
) -> None:
    found = await Site(some()).get("/export/hourly", f"agent={agent}".encode())
    first, *lines = found.body.decode().splitlines()
    assert first == "hour,page,views"
    assert lines == [f"2025-07-16T11:00:00Z,{row}" for row in rows]
    told = await json(some(), "/export/hourly", f"format=json&agent={agent}")
    assert (told["question"]["agent"], told["total"]) == (agent, VIEWS[agent])


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("path", PATHS)
async def test_that_others_may_be_left_out_is_told(path: str, agent: str) -> None:
    notes = (await json(some(), path, f"agent={agent}"))["notes"]
    told = [note for note in notes if f" of a {agent} " in note and "agent=unknown" in note]
    assert len(told) == (agent in ("person", "robot"))
    assert len(told) == str(notes).count("agent=")


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_that_is_held_is_of_whom_it_was_asked_for(path: str) -> None:
    site = Site(some())
    tags = {await tag(site, path, f"agent={agent}") for agent in AGENTS}
    assert len(tags) == len(AGENTS)
    held = await tag(site, path, "agent=robot")
    assert (await site.get(path, b"agent=robot", held=held)).status == 304
    assert (await site.get(path, b"agent=person", held=held)).status == 200


async def test_a_range_of_all_is_the_same_for_everybody() -> None:
    store = some()
    store.rows_[Hour(OPEN - 500), "old"] = 1
    asked = [
        (await json(store, "/stats/views", f"period=all&agent={agent}"))["question"]["from"]
        for agent in AGENTS
    ]
    assert len(set(asked)) == 1
