"""Questions that are answered: ranges, dimensions, filters, orders and what is said beside."""

from typing import Any

import pytest

from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import ASKED, SITE, Plausible, hour, plausible, results

PAGE, SOURCE = "event:page", "visit:source"
HOME, BLOG, CAFE, APP = "/", "/blog/a", "/Blog/café", "/app#/inbox"
BY_PAGE = [([HOME], 7), ([BLOG], 6), ([CAFE], 3), ([APP], 1)]

RANGES: list[tuple[Any, str, str, int]] = [
    ("day", "2025-07-16T00:00:00", "2025-07-16T23:59:59", 9),
    ("24h", "2025-07-15T13:00:00", "2025-07-16T12:59:59", 12),
    ("1d", "2025-07-15T00:00:00", "2025-07-15T23:59:59", 10),
    ("7d", "2025-07-09T00:00:00", "2025-07-15T23:59:59", 17),
    ("28d", "2025-06-18T00:00:00", "2025-07-15T23:59:59", 17),
    ("30d", "2025-06-16T00:00:00", "2025-07-15T23:59:59", 17),
    ("32d", "2025-06-14T00:00:00", "2025-07-15T23:59:59", 22),
    ("91d", "2025-04-16T00:00:00", "2025-07-15T23:59:59", 22),
    ("month", "2025-07-01T00:00:00", "2025-07-31T23:59:59", 26),
    ("1mo", "2025-06-01T00:00:00", "2025-06-30T23:59:59", 5),
    ("6mo", "2025-01-01T00:00:00", "2025-06-30T23:59:59", 5),
    ("12mo", "2024-07-01T00:00:00", "2025-06-30T23:59:59", 5),
    ("year", "2025-01-01T00:00:00", "2025-12-31T23:59:59", 31),
    ("all", "2025-06-14T10:00:00", "2025-07-16T23:59:59", 31),
    (["2025-07-14", "2025-07-14"], "2025-07-14T00:00:00", "2025-07-14T23:59:59", 7),
    (["2025-07-14", "2025-07-15"], "2025-07-14T00:00:00", "2025-07-15T23:59:59", 17),
    (["0001-01-01", "9999-12-31"], "0001-01-01T00:00:00", "9999-12-31T23:59:59", 31),
    (["2025-07-15T09:00:00Z", "2025-07-15T09:59:59Z"],
     "2025-07-15T09:00:00", "2025-07-15T09:59:59", 7),
    (["2025-07-15T12:00:00+02:00", "2025-07-16T01:59:59.999+02:00"],
     "2025-07-15T10:00:00", "2025-07-15T23:59:59", 3),
    (["2025-07-15T00:00:00.000-07:00", "2025-07-15T15:59:59-07:00"],
     "2025-07-15T07:00:00", "2025-07-15T22:59:59", 7),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "first", "last", "views"), RANGES, ids=lambda one: str(one)[:30])
async def test_a_range_is_what_the_answer_says(
    asked: Any, first: str, last: str, views: int
) -> None:
    found = (await plausible().query(date_range=asked)).json
    assert found["query"]["date_range"] == [f"{first}+00:00", f"{last}+00:00"]
    assert found["results"] == [{"metrics": [views], "dimensions": []}]


async def test_all_begins_with_the_site_and_not_with_another() -> None:
    rows = {(hour("2025-07-01T00"), "other.example/"): 1, (hour("2025-07-03T05"), f"{SITE}/"): 2}
    found = (await Plausible(FakeStats(rows)).query(date_range="all")).json
    assert found["query"]["date_range"][0] == "2025-07-03T05:00:00+00:00"
    empty = (await Plausible(FakeStats()).query(date_range="all")).json
    assert empty["query"]["date_range"][0] == "2025-07-16T00:00:00+00:00"


async def test_an_answer_is_as_the_contract_says_to_the_letter() -> None:
    found = await plausible().query()
    assert found.headers[b"content-type"] == b"application/json"
    assert found.headers[b"footfall-generation"] == b"1"
    assert found.json == {
        "results": [{"metrics": [17], "dimensions": []}],
        "meta": {},
        "query": {
            "site_id": SITE,
            "metrics": ["pageviews"],
            "date_range": ["2025-07-09T00:00:00+00:00", "2025-07-15T23:59:59+00:00"],
            "filters": [],
            "dimensions": [],
            "order_by": [["pageviews", "desc"]],
            "include": {},
            "pagination": {"offset": 0, "limit": 10_000},
        },
    }


DIMENSIONS: list[tuple[list[str], Any, Any]] = [
    ([], "7d", [([], 17)]),
    ([], ["2025-07-01", "2025-07-02"], [([], 0)]),
    ([PAGE], "7d", BY_PAGE),
    ([PAGE], ["2025-07-01", "2025-07-02"], []),
    ([SOURCE], "7d", [(["Direct / None"], 5), (["t.co"], 5), (["News"], 2)]),
    (["time:day"], "7d", [(["2025-07-14"], 7), (["2025-07-15"], 10)]),
    (["time:hour"], "7d",
     [(["2025-07-14 10:00:00"], 7), (["2025-07-15 09:00:00"], 7), (["2025-07-15 23:00:00"], 3)]),
    (["time:week"], "7d", [(["2025-07-14"], 17)]),
    (["time:week"], ["2025-07-15", "2025-07-22"], [(["2025-07-15"], 19)]),
    (["time:month"], ["2025-06-10", "2025-07-15"], [(["2025-06-01"], 5), (["2025-07-01"], 17)]),
    (["time"], "day", [(["2025-07-16 11:00:00"], 9)]),
    (["time"], "7d", [(["2025-07-14"], 7), (["2025-07-15"], 10)]),
    (["time"], "91d", [(["2025-06-14"], 5), (["2025-07-14"], 7), (["2025-07-15"], 10)]),
    (["time"], "6mo", [(["2025-06-01"], 5)]),
    (["time:day", PAGE], "7d",
     [(["2025-07-14", HOME], 4), (["2025-07-14", BLOG], 3), (["2025-07-15", HOME], 3),
      (["2025-07-15", CAFE], 3), (["2025-07-15", BLOG], 3), (["2025-07-15", APP], 1)]),
    ([PAGE, "time:month"], "7d",
     [([HOME, "2025-07-01"], 7), ([BLOG, "2025-07-01"], 6), ([CAFE, "2025-07-01"], 3),
      ([APP, "2025-07-01"], 1)]),
    ([SOURCE, "time:day"], "7d",
     [(["Direct / None", "2025-07-14"], 5), (["t.co", "2025-07-14"], 5),
      (["News", "2025-07-15"], 2)]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "hours", "found"), DIMENSIONS)
async def test_views_by_dimensions(asked: list[str], hours: Any, found: Any) -> None:
    assert await results(dimensions=asked, date_range=hours) == found


def leaf(how: str, *values: str, **modifier: bool) -> Any:
    return [how, PAGE, [*values], *([modifier] if modifier else [])]


ANY_CASE = {"case_sensitive": False}
FILTERS: list[tuple[list[Any], list[str]]] = [
    ([leaf("is", HOME)], [HOME]),
    ([leaf("is", BLOG, APP)], [BLOG, APP]),
    ([leaf("is", "/none")], []),
    ([leaf("is", ".evil/blog/a")], []),
    ([leaf("is", "blog/a")], []),
    ([leaf("is", CAFE)], [CAFE]),
    ([leaf("is", "/bLOG/CAFÉ", **ANY_CASE)], [CAFE]),
    ([leaf("is", "/BLOG/A", case_sensitive=True)], []),
    ([leaf("is_not", HOME)], [BLOG, CAFE, APP]),
    ([leaf("is_not", HOME, BLOG)], [CAFE, APP]),
    ([leaf("is_not", "/BLOG/A", **ANY_CASE)], [HOME, CAFE, APP]),
    ([leaf("contains", "/blog")], [BLOG]),
    ([leaf("contains", "/blog", "inbox")], [BLOG, APP]),
    ([leaf("contains", "/BLOG", **ANY_CASE)], [BLOG, CAFE]),
    ([leaf("contains", "FÉ", **ANY_CASE)], [CAFE]),
    ([leaf("contains", SITE)], []),
    ([leaf("contains", "/")], [HOME, BLOG, CAFE, APP]),
    ([leaf("contains_not", "/blog")], [HOME, CAFE, APP]),
    ([leaf("contains_not", "/BLOG", **ANY_CASE)], [HOME, APP]),
    ([leaf("matches", "^/[Bb]log/")], [BLOG, CAFE]),
    ([leaf("matches", "(?i)^/blog/.*é$")], [CAFE]),
    ([leaf("matches", "inbox", "^/$")], [HOME, APP]),
    ([leaf("matches_not", "^/[Bb]log/")], [HOME, APP]),
    ([leaf("is", HOME), leaf("is", BLOG)], []),
    ([leaf("contains", "blog"), leaf("is_not", BLOG)], []),
    ([["or", [leaf("is", HOME), leaf("contains", "inbox")]]], [HOME, APP]),
    ([["and", [leaf("contains", "/"), leaf("is_not", HOME)]]], [BLOG, CAFE, APP]),
    ([["not", leaf("is", HOME)]], [BLOG, CAFE, APP]),
    ([["not", ["or", [leaf("is", HOME), ["not", leaf("matches", "(?i)blog")]]]]], [BLOG, CAFE]),
]


@pytest.mark.parametrize(("filters", "pages"), FILTERS, ids=str)
async def test_filters_let_through_what_they_say(filters: list[Any], pages: list[str]) -> None:
    kept = [row for row in BY_PAGE if row[0][0] in pages]
    assert await results(filters=filters, dimensions=[PAGE]) == kept
    assert await results(filters=filters) == [([], sum(views for _, views in kept))]
    by_day = await results(filters=filters, dimensions=["time:day"])
    assert sum(views for _, views in by_day) == sum(views for _, views in kept)


SOURCES: list[tuple[list[Any], list[str]]] = [
    ([["is", SOURCE, ["Direct / None"]]], ["Direct / None"]),
    ([["is_not", SOURCE, ["Direct / None"]]], ["t.co", "News"]),
    ([["contains", SOURCE, ["NEW"], ANY_CASE]], ["News"]),
    ([["matches", SOURCE, [r"^t\.co$"]]], ["t.co"]),
    ([["is", SOURCE, [""]]], []),
]


@pytest.mark.parametrize(("filters", "sources"), SOURCES, ids=str)
async def test_filters_of_sources_do_too(filters: list[Any], sources: list[str]) -> None:
    views = {"Direct / None": 5, "t.co": 5, "News": 2}
    kept = [([each], views[each]) for each in sources]
    assert await results(filters=filters, dimensions=[SOURCE]) == kept
    assert await results(filters=filters) == [([], sum(views[each] for each in sources))]


@pytest.mark.parametrize("dimension", [PAGE, SOURCE])
async def test_what_an_answer_calls_a_thing_finds_it_again(dimension: str) -> None:
    rows = await results(dimensions=[dimension])
    assert rows
    for (name,), views in rows:
        assert await results(filters=[["is", dimension, [name]]]) == [([], views)]


ORDERS: list[tuple[list[Any], list[str]]] = [
    ([["pageviews", "asc"]], [APP, CAFE, BLOG, HOME]),
    ([["pageviews", "desc"], [PAGE, "asc"]], [HOME, BLOG, CAFE, APP]),
    ([[PAGE, "asc"]], [HOME, CAFE, APP, BLOG]),
    ([[PAGE, "desc"]], [BLOG, APP, CAFE, HOME]),
    ([[PAGE, "asc"], ["pageviews", "desc"]], [HOME, CAFE, APP, BLOG]),
]


@pytest.mark.parametrize(("order", "pages"), ORDERS, ids=str)
async def test_rows_are_in_the_order_that_is_asked_for(order: list[Any], pages: list[str]) -> None:
    found = await results(dimensions=[PAGE], order_by=order)
    assert [name for (name,), _ in found] == pages
    for offset in range(5):
        for limit in (1, 2):
            part = await results(
                dimensions=[PAGE], order_by=order, pagination={"limit": limit, "offset": offset}
            )
            assert part == found[offset : offset + limit]


async def test_ties_are_in_the_order_of_names() -> None:
    site = Plausible(FakeStats({(hour("2025-07-14T10"), f"{SITE}/{page}"): 1 for page in "dbca"}))
    for order in ([], [["pageviews", "asc"]], [["pageviews", "desc"]]):
        found = (await site.query(dimensions=[PAGE], order_by=order)).json["results"]
        assert [row["dimensions"] for row in found] == [["/a"], ["/b"], ["/c"], ["/d"]]


async def test_only_what_is_asked_for_is_told_beside() -> None:
    asked = {"imports": True, "time_labels": True, "total_rows": True}
    found = (
        await plausible().query(dimensions=["time:day"], date_range="month", include=asked)
    ).json
    labels = [f"2025-07-{day:02}" for day in range(1, 17)]
    assert found["meta"] == {"imports_included": False, "time_labels": labels, "total_rows": 3}
    assert found["query"]["include"] == asked
    assert found["query"]["order_by"] == [["time:day", "asc"], ["pageviews", "desc"]]
    unasked = dict.fromkeys(asked, False)
    assert (await plausible().query(dimensions=[PAGE], include=unasked)).json["meta"] == {}


@pytest.mark.parametrize("order", [[], [["pageviews", "asc"]]])
async def test_all_rows_are_counted_whatever_part_is_asked_for(order: Any) -> None:
    found = await plausible().query(
        dimensions=[PAGE], include={"total_rows": True}, pagination={"limit": 1}, order_by=order
    )
    assert len(found.json["results"]) == 1
    assert found.json["meta"] == {"total_rows": 4}


@pytest.mark.parametrize(("agent", "views"), [("all", 17), ("person", 3), ("robot", 1)])
async def test_views_are_of_all_agents_where_nobody_is_named(agent: str, views: int) -> None:
    found = (await plausible().query(f"agent={agent}")).json
    assert found["results"] == [{"metrics": [views], "dimensions": []}]


async def test_what_is_no_longer_kept_is_neither_0_nor_in_the_range() -> None:
    site = Plausible(FakeStats({(hour("2025-07-15T10"), f"{SITE}/"): 2}, hour("2025-07-14T05")))
    asked: Any = {"dimensions": ["time:day"], "include": {"time_labels": True}}
    found = (await site.query(**asked)).json
    assert found["query"]["date_range"][0] == "2025-07-14T05:00:00+00:00"
    assert found["meta"]["time_labels"] == ["2025-07-14", "2025-07-15"]
    gone = await site.query(date_range=["2025-07-01", "2025-07-13"])
    assert gone.json["error"] == (
        "#/date_range: views before 2025-07-14T05:00:00+00:00 are no longer kept: ask for what is "
        "later"
    )


async def test_each_question_is_one_read() -> None:
    for fields in (
        {},
        {"dimensions": [PAGE]},
        {"dimensions": ["time:day", PAGE], "filters": [["is_not", PAGE, [HOME]]]},
        {"dimensions": [SOURCE, "time:day"]},
    ):
        reader = FakeStats({(hour("2025-07-15T10"), f"{SITE}/"): 2})
        assert (await Plausible(reader).query(**fields)).status == 200
        assert reader.reads == 1


async def test_the_question_is_said_back_as_it_was_written() -> None:
    filters = [["not", ["is", PAGE, ["/x"], {"case_sensitive": False}]]]
    paging = {"limit": 5, "offset": 1}
    found = (await plausible().query(filters=filters, dimensions=[PAGE], pagination=paging)).json[
        "query"
    ]
    assert found["filters"] == filters
    assert found["pagination"] == paging
    assert found["site_id"] == ASKED["site_id"]
