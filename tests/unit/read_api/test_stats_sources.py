"""Where viewers came from: the list of sources, and what one of them brought."""

import csv
import io
from typing import Any

import pytest

from domain.agents.classes import Agent
from domain.events import Hour
from read_api.stats.asking import ENDPOINTS
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import OPEN, Site
from tests.unit.read_api.test_stats_answers import json
from tests.unit.read_api.test_stats_complete import EXPORT, tag

PATH = "/stats/sources"
NEWS = "news.example"
DAY_BEFORE = Hour(OPEN - 25)
BY_SITE = ("/stats/views", "/stats/sites", "/stats/hours-of-week")
OF_PAGES = ("/stats/pages", "/stats/movers", EXPORT)


def some() -> FakeStats:
    """Of 20 views of two sites in the hour before the open one, 16 have a source."""
    hour = Hour(OPEN - 1)
    sources = {
        (hour, "a", NEWS, Agent.PERSON): 7,
        (hour, "a", "", Agent.PERSON): 5,
        (hour, "b", NEWS, Agent.ROBOT): 3,
        (hour, "b", "=other", Agent.UNKNOWN): 1,
        (DAY_BEFORE, "a", NEWS, Agent.PERSON): 2,
    }
    rows = {(hour, "a/x"): 15, (hour, "b/y"): 5, (DAY_BEFORE, "a/x"): 2}
    return FakeStats(rows, sources=sources)


def told(answer: Any, *members: str) -> list[tuple[Any, ...]]:
    return [tuple(row[member] for member in members) for row in answer["sources"]]


async def test_sources_are_listed_by_the_views_they_brought() -> None:
    answer = await json(some(), PATH, "period=24h")
    assert told(answer, "rank", "source", "direct", "views", "share") == [
        (1, NEWS, False, 10, 0.625),
        (2, "", True, 5, 0.3125),
        (3, "=other", False, 1, 0.0625),
    ]
    assert (answer["total"], answer["sources_total"], answer["next"]) == (16, 3, None)


@pytest.mark.parametrize(
    ("query", "known", "of_views"),
    [("", 16, 20), ("site=a", 12, 15), ("site=b", 4, 5), ("site=c", 0, 0), ("search=news", 16, 20)],
)
async def test_it_is_told_of_how_many_views_a_source_is_known(
    query: str, known: int, of_views: int
) -> None:
    answer = await json(some(), PATH, f"period=24h&{query}")
    assert (answer["known"], answer["of_views"]) == (known, of_views)
    assert [f"known of {known} of {of_views} views" in note for note in answer["notes"]] == (
        [True] if known < of_views else []
    )


async def test_only_sources_of_the_site_and_of_whom_is_asked_for_count() -> None:
    answer = await json(some(), PATH, "period=24h&site=a")
    assert told(answer, "source", "views") == [(NEWS, 7), ("", 5)]
    answer = await json(some(), PATH, "period=24h&agent=robot")
    assert told(answer, "source", "views") == [(NEWS, 3)]
    assert answer["known"] == 3


async def test_sources_are_compared_and_told_in_parts() -> None:
    query = "period=24h&compare=previous&trend=2&order=source"
    answer = await json(some(), PATH, query)
    assert told(answer, "source", "views", "before", "change") == [
        ("", 5, 0, None),
        ("=other", 1, 0, None),
        (NEWS, 10, 2, 4.0),
    ]
    assert answer["compare"]["total"] == 2
    assert told(answer, "trend") == [([0, 5],), ([0, 1],), ([0, 10],)]


async def test_a_list_of_sources_goes_on_where_it_ended() -> None:
    site, names = Site(some()), []
    query: dict[str, str] = {"period": "24h", "limit": "1"}
    while True:
        found = await site.get(PATH, query)
        names += [row["source"] for row in found.json["sources"]]
        assert (b"link" in found.headers) is (found.json["next"] is not None)
        if found.json["next"] is None:
            break
        query["cursor"] = found.json["next"]
    assert names == [NEWS, "", "=other"]


async def test_sources_are_a_table_as_well() -> None:
    found = await Site(some()).get(PATH, b"period=24h&format=csv")
    rows = list(csv.reader(io.StringIO(found.body.decode(), newline="")))
    assert rows == [
        ["rank", "source", "views", "share", "change"],
        ["1", NEWS, "10", "0.625", ""],
        ["2", "", "5", "0.3125", ""],
        ["3", "'=other", "1", "0.0625", ""],
    ]


@pytest.mark.parametrize("path", BY_SITE)
@pytest.mark.parametrize(
    ("query", "total"),
    [(f"source={NEWS}", 10), ("source=", 5), ("source=nobody", 0), (f"site=b&source={NEWS}", 3)],
)
async def test_only_views_from_the_source_count_where_one_is_named(
    path: str, query: str, total: int
) -> None:
    answer = await json(some(), path, f"period=24h&{query}")
    assert answer["total"] == total
    assert answer["question"]["selection"]["source"] == query.rpartition("=")[2]
    site = Site(some())
    assert await tag(site, path, f"period=24h&{query}") != await tag(site, path, "period=24h")


@pytest.mark.parametrize("path", OF_PAGES)
async def test_pages_have_no_sources(path: str) -> None:
    found = await Site(some()).get(path, f"source={NEWS}".encode())
    assert (found.status, found.faults) == (400, ["source"])
    assert "counted by site and not by page" in found.json["detail"]


@pytest.mark.parametrize("name", ["page", "prefix"])
async def test_sources_of_a_page_are_refused(name: str) -> None:
    for path, query, fault in (
        (PATH, f"{name}=a/x", name),
        *((path, f"{name}=a/x&source=", "source") for path in BY_SITE),
    ):
        found = await Site(some()).get(path, query.encode())
        assert (found.status, found.faults) == (400, [fault])
        assert f"send site in place of {name}" in found.json["detail"]


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("source=a%00", ["source"]),
        (f"source={'a' * 3000}", ["source"]),
        ("source=a&source=b", ["source"]),
        ("source=a&page=a&site=b", ["site", "source"]),
    ],
)
async def test_what_is_wrong_with_a_source_is_told(query: str, faults: list[str]) -> None:
    assert (await Site(some()).get("/stats/views", query.encode())).faults == faults


def test_which_questions_know_a_source() -> None:
    with_it = {f"/stats/{one.name}" for one in ENDPOINTS if "source" in one.names}
    assert with_it == {*BY_SITE}
