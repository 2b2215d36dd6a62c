"""Whatever is asked: parts add up to the whole, and the whole to the rows."""

import asyncio
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Hour
from domain.hours import as_iso
from domain.stats.selection import Kind, Selection, site_of
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import OPEN, Site

PAGES = ["a", "a/x", "a/x y", "a/X", "a.b/x", "ab/x", "/x", "/", "=a", "ü/x", "a/x\ufeff"]
ZONES = sorted(available_timezones() - {"localtime"})
FIRST = OPEN - 24 * 90

rows = st.dictionaries(
    st.tuples(st.integers(FIRST, OPEN).map(Hour), st.sampled_from(PAGES)),
    st.integers(1, 2**40),
    max_size=30,
)
selections = st.sampled_from(
    [
        Selection(),
        *(Selection(Kind.PAGE, page) for page in PAGES),
        *(Selection(Kind.SITE, site) for site in ("a", "", "a.b", "none")),
        *(Selection(Kind.PREFIX, prefix) for prefix in ("a", "a/", "a/x", "none")),
    ]
)
periods = st.sampled_from(["24h", "today", "7d", "30d", "month", "12mo", "all"])


class Question(NamedTuple):
    """Parameters, and what they select."""

    query: dict[str, str]
    selection: Selection


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Any selection, range, zone and unit."""
    selection = draw(selections)
    query = {"tz": draw(st.sampled_from(ZONES))}
    if selection.kind is not Kind.ALL:
        query[selection.kind.value] = selection.value
    if unit := draw(st.sampled_from(["", "hour", "day", "week", "month"])):
        query["unit"] = unit
    if draw(st.booleans()):
        query["period"] = draw(periods)
    else:
        start = draw(st.integers(FIRST - 50, OPEN))
        end = draw(st.integers(start + 1, OPEN + 50))
        query |= {"from": as_iso(Hour(start)), "to": as_iso(Hour(end))}
        if draw(st.booleans()):
            query = {k: v[:10] if k in ("from", "to") else v for k, v in query.items()}
            if query["from"] == query["to"]:
                del query["to"]
    return Question(query, selection)


@cache
def asked() -> tuple[FakeStats, Site, asyncio.Runner]:
    """One application in one loop, for as many questions as there are."""
    store = FakeStats()
    return store, Site(store), asyncio.Runner()


def ask(store: FakeStats, path: str, query: dict[str, str]) -> Any:
    stored, site, runner = asked()
    stored.rows_, stored.horizon, stored.complete_ms = store.rows_, store.horizon, store.complete_ms
    answered = runner.run(site.get(path, query))
    assert answered.status == 200, answered.body
    return answered.json


def hour_of(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) // 3_600


def counted(store: FakeStats, selection: Selection, question: Any) -> int:
    """By brute force, in the range that the answer says it understood."""
    start, end = hour_of(question["from"]), hour_of(question["to"])
    return sum(
        views
        for (hour, page), views in store.rows_.items()
        if selection.holds(page) and start <= hour < end and hour >= store.horizon
    )


horizons = st.integers(FIRST - 100, OPEN).map(Hour)


@given(rows, horizons, questions(), st.sampled_from(["", "previous", "year"]))
def test_the_buckets_of_a_series_add_up_to_the_rows(
    views: dict[tuple[Hour, str], int], horizon: Hour, question: Question, compare: str
) -> None:
    store = FakeStats(views, horizon)
    query = question.query | ({"compare": compare} if compare else {})
    found = ask(store, "/stats/views", query)
    total = counted(store, question.selection, found["question"])
    buckets = found["buckets"]
    assert found["total"] == total == sum(bucket["views"] for bucket in buckets)
    assert [bucket["to"] for bucket in buckets[:-1]] == [b["from"] for b in buckets[1:]]
    assert buckets[0]["from"] == found["question"]["from"]
    assert buckets[-1]["to"] == found["question"]["to"]
    assert len({bucket["from"] for bucket in buckets}) == len(buckets)
    most = max(bucket["views"] for bucket in buckets)
    assert (found["busiest"] or {"views": 0})["views"] == most
    if compare:
        before = found["compare"]
        assert before["total"] == sum(bucket["views"] for bucket in before["buckets"])
        assert before["total"] == counted(store, question.selection, before)
        assert len(before["buckets"]) == len(buckets)
        assert 0 <= before["hours"] <= before["of_hours"]


@given(rows, horizons, questions())
def test_the_hours_of_the_week_add_up_to_the_rows(
    views: dict[tuple[Hour, str], int], horizon: Hour, question: Question
) -> None:
    store = FakeStats(views, horizon)
    found = ask(store, "/stats/hours-of-week", question.query)
    cells = found["cells"]
    assert [(c["weekday"], c["hour"]) for c in cells] == [
        (weekday, hour) for weekday in range(1, 8) for hour in range(24)
    ]
    total = counted(store, question.selection, found["question"])
    assert found["total"] == total == sum(cell["views"] for cell in cells)


@given(rows, horizons, questions(), st.sampled_from(["", "previous", "year"]), st.integers(0, 40))
def test_a_list_of_all_pages_adds_up_to_the_rows_and_its_sites_to_the_same(
    views: dict[tuple[Hour, str], int],
    horizon: Hour,
    question: Question,
    compare: str,
    trend: int,
) -> None:
    store = FakeStats(views, horizon)
    query = question.query | {"limit": "1000"}
    query |= {"compare": compare} if compare else {}
    query |= {"trend": str(trend)} if trend else {}
    pages = ask(store, "/stats/pages", query)
    sites = ask(store, "/stats/sites", query)
    total = counted(store, question.selection, pages["question"])
    assert pages["total"] == sites["total"] == total
    assert sum(row["views"] for row in pages["pages"]) == total
    by_site: dict[str, int] = {}
    for row in pages["pages"]:
        by_site[site_of(row["page"])] = by_site.get(site_of(row["page"]), 0) + row["views"]
        if trend:
            assert sum(row["trend"]) == row["views"]
            assert len(row["trend"]) == len(pages["trend"]) - 1 <= trend
        else:
            assert "trend" not in row
    assert {row["site"]: row["views"] for row in sites["sites"]} == by_site
    assert pages["pages_total"] == len(pages["pages"])
    if total:
        assert sum(row["share"] for row in pages["pages"]) == pytest.approx(1)


@given(
    rows, horizons, questions(), st.sampled_from(["views", "change", "page"]), st.integers(1, 4),
    st.sampled_from(["", "x", "A"]),
)  # fmt: skip
def test_a_list_in_parts_is_the_list(
    views: dict[tuple[Hour, str], int],
    horizon: Hour,
    question: Question,
    order: str,
    limit: int,
    search: str,
) -> None:
    store = FakeStats(views, horizon)
    query = question.query | {"order": order, "compare": "previous", "search": search}
    whole = ask(store, "/stats/pages", query | {"limit": "1000"})
    parts: list[Any] = []
    at: dict[str, str] = {}
    while True:
        part = ask(store, "/stats/pages", query | {"limit": str(limit)} | at)
        parts += part["pages"]
        assert part["total"] == whole["total"]
        if part["next"] is None:
            break
        at = {"cursor": part["next"]}
    assert parts == whole["pages"]
    assert [row["rank"] for row in parts] == list(range(1, len(parts) + 1))


@given(rows, horizons, questions())
def test_movers_are_the_ends_of_the_list_by_change(
    views: dict[tuple[Hour, str], int], horizon: Hour, question: Question
) -> None:
    store = FakeStats(views, horizon)
    movers = ask(store, "/stats/movers", question.query | {"limit": "3"})
    listed = ask(store, "/stats/pages", question.query | {"order": "change", "limit": "1000"})
    assert movers["total"] == listed["total"]
    differences = [(row["page"], row["views"] - row["before"]) for row in listed["pages"]]
    rises = [(page, difference) for page, difference in differences if difference > 0]
    falls = sorted((row for row in differences if row[1] < 0), key=lambda r: (r[1], r[0].encode()))
    assert [(row["page"], row["difference"]) for row in movers["risers"]] == rises[:3]
    assert [(row["page"], row["difference"]) for row in movers["fallers"]] == falls[:3]


@given(rows, horizons, questions())
def test_an_export_has_every_row_of_its_range(
    views: dict[tuple[Hour, str], int], horizon: Hour, question: Question
) -> None:
    store = FakeStats(views, horizon)
    found = ask(store, "/export/hourly", question.query | {"format": "json"})
    assert found["total"] == counted(store, question.selection, found["question"])
    assert found["total"] == sum(row["views"] for row in found["rows"])
    assert len({(row["hour"], row["page"]) for row in found["rows"]}) == len(found["rows"])
