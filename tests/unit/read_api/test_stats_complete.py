"""Every answer says how complete it is, and what is not complete is marked and not compared."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.hours import HOUR_MS, parse_instant
from domain.stats.answers import First, Standing
from tests.fakes_stats import COMPLETE_MS, FakeStats
from tests.unit.read_api.stats_site import NOW_MS, OPEN, Site
from tests.unit.read_api.test_stats_answers import at, json
from tests.unit.read_api.test_stats_sums import Question, ask, questions

PATHS = (
    "/stats/views", "/stats/pages", "/stats/sites", "/stats/movers", "/stats/hours-of-week",
    "/stats/bounds",
)  # fmt: skip
EXPORT = "/export/hourly"


def behind(hours: float) -> int:
    """A watermark so many hours before the open one."""
    return int((OPEN - hours) * HOUR_MS)


@pytest.mark.parametrize("path", [*PATHS, EXPORT])
@pytest.mark.parametrize("wanted", ["json", "csv", "ndjson"])
async def test_every_answer_says_in_its_headers_how_complete_it_is(path: str, wanted: str) -> None:
    found = await Site(FakeStats(at(1), generation=3)).get(path, f"format={wanted}".encode())
    assert found.headers[b"footfall-generation"] == b"3"
    assert found.headers[b"footfall-complete-until"] == b"2025-07-16T12:34:55.000Z"
    assert found.headers[b"footfall-lag-seconds"] == b"1"
    if wanted == "json":
        assert found.json["complete_until"] == "2025-07-16T12:34:55.000Z"
        assert found.json["generation"] == 3


@pytest.mark.parametrize("path", [*PATHS, EXPORT])
async def test_what_is_not_known_is_not_said(path: str) -> None:
    found = await Site(FakeStats(at(1), complete_ms=0)).get(path, b"format=json")
    assert found.json["complete_until"] is None
    assert found.headers[b"footfall-generation"] == b"1"
    assert b"footfall-complete-until" not in found.headers
    assert b"footfall-lag-seconds" not in found.headers


async def test_an_export_without_rows_says_it_too() -> None:
    found = await Site(FakeStats()).get(EXPORT)
    assert b"footfall-complete-until" in found.headers
    head = await Site(FakeStats(at(1))).get(EXPORT, method="HEAD")
    assert (head.status, head.headers[b"footfall-generation"]) == (200, b"1")


@pytest.mark.parametrize("complete_ms", [behind(0), behind(-0.5), behind(1) - 1, behind(1), 0])
async def test_a_bucket_is_complete_where_its_end_is_before_the_watermark(complete_ms: int) -> None:
    store = FakeStats(at(0, 1), complete_ms=complete_ms)
    found = await json(store, "/stats/views", "from=2025-07-16T10Z&to=2025-07-16T15Z&compare=year")
    buckets = found["buckets"]
    ends = [parse_instant(bucket["to"]) for bucket in buckets]
    assert [bucket["complete"] for bucket in buckets] == [end <= complete_ms for end in ends]
    assert found["busiest"] in buckets
    assert all(b["complete"] for b in found["compare"]["buckets"]) == (complete_ms > 0)


async def test_hours_that_are_over_but_not_counted_are_not_compared() -> None:
    # Two hours behind: what came in them would be missing on one side only.
    store = FakeStats(at(*range(3, 49), views=10), complete_ms=behind(1.5))
    for path in ("/stats/views", "/stats/pages", "/stats/movers"):
        found = await json(store, path, "period=24h&compare=previous")
        compared = found["compare"]
        assert (compared["hours"], compared["of_hours"]) == (21, 23), path
        assert found["notes"][-1] == (
            "All views are counted up to 2025-07-16T10:30:00.000Z: hours that end later are not "
            "compared."
        )
    views = (await json(store, "/stats/views", "period=24h&compare=previous"))["compare"]
    assert (views["views"], views["before"], views["change"]) == (210, 210, 0.0)
    (row,) = (await json(store, "/stats/pages", "period=24h&compare=previous"))["pages"]
    assert (row["before"], row["change"]) == (210, 0.0)


async def test_where_nothing_is_known_nothing_is_compared() -> None:
    store = FakeStats(at(*range(3, 49), views=10), complete_ms=0)
    found = await json(store, "/stats/views", "period=24h&compare=previous")
    compared = found["compare"]
    assert (compared["hours"], compared["change"], compared["before"]) == (0, None, 0)
    assert "is not known yet" in found["notes"][0]
    movers = await json(store, "/stats/movers", "period=24h")
    assert (movers["risers"], movers["fallers"], movers["total"]) == ([], [], 0)


async def test_what_is_over_and_counted_needs_no_note() -> None:
    for query in ("period=24h&compare=previous", "from=2025-07-20&to=2025-07-21&compare=year"):
        for path in ("/stats/views", "/stats/pages"):
            assert (await json(FakeStats(at(1)), path, query))["notes"] == []


@given(questions(), st.integers(OPEN - 24 * 100, OPEN + 60), st.integers(0, HOUR_MS - 1))
def test_complete_buckets_come_first_and_only_they_are_compared(
    question: Question, hour: int, rest: int
) -> None:
    store = FakeStats(complete_ms=min(hour * HOUR_MS + rest, NOW_MS))
    found = ask(store, "/stats/views", question.query | {"compare": "previous"})
    until = datetime.fromisoformat(found["complete_until"])
    assert until.timestamp() * 1_000 == pytest.approx(store.complete_ms)
    complete = [bucket["complete"] for bucket in found["buckets"]]
    assert complete == sorted(complete, reverse=True)
    for bucket in found["buckets"]:
        assert bucket["complete"] == (datetime.fromisoformat(bucket["to"]) <= until)
    start = datetime.fromisoformat(found["question"]["from"])
    whole = max(0, int((until - start).total_seconds() // 3_600))
    assert found["compare"]["hours"] <= min(whole, found["compare"]["of_hours"])


@pytest.mark.parametrize(("path", "looks"), [("/stats/bounds", 1), ("/stats/movers", 2)])
async def test_a_total_is_of_the_look_that_the_rest_is_of(path: str, looks: int) -> None:
    store = FakeStats(at(1, 2))
    found = await Site(store).get(path)
    # Before movers are asked for it has to be known which hours can be compared.
    assert store.reads == looks
    assert found.json["total"] == 2
    assert b"etag" in found.headers


class Late(FakeStats):
    """As soon as it has said which hour is its first, an earlier one is viewed."""

    async def first(self, sites: frozenset[str] | None = None) -> First:
        found = await super().first(sites)
        if len(self.rows_) == 1:
            self.rows_ |= at(9)
        return found


@pytest.mark.parametrize("path", PATHS[:-1])
async def test_what_was_asked_for_by_an_older_state_is_not_held(path: str) -> None:
    site = Site(Late(at(1)))
    found = await site.get(path, b"period=all")
    assert b"etag" not in found.headers
    # Once they agree it is.
    assert b"etag" in (await site.get(path, b"period=all")).headers


async def tag(site: Site, path: str, query: str = "", **how: Any) -> str:
    found = await site.get(path, query.encode(), **how)
    assert found.status == 200, found.body
    assert found.headers[b"cache-control"] == b"no-cache"
    return found.headers[b"etag"].decode()


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_that_is_held_already_is_not_made_again(path: str) -> None:
    class Counting(FakeStats):
        asked = 0

        def _cells(self, *how: Any) -> Any:
            self.asked += 1
            return super()._cells(*how)

        async def bounds(self, *how: Any, **more: Any) -> Any:
            self.asked += 1
            return await super().bounds(*how, **more)

        async def hours(self, *how: Any) -> Any:
            self.asked += 1
            return await super().hours(*how)

    store = Counting(at(1))
    site = Site(store)
    held = await tag(site, path)
    asked = store.asked
    assert asked
    for written in (held, f'"other", W/{held}'):
        found = await site.get(path, held=written)
        assert (found.status, found.body) == (304, b"")
        assert found.headers[b"etag"].decode() == held
        assert found.headers[b"cache-control"] == b"no-cache"
        assert b"footfall-complete-until" in found.headers
        assert not {b"content-length", b"content-type"} & {*found.headers}
    assert store.asked == asked
    assert (await site.get(path, held='"other"')).status == 200
    assert (await site.get(path, held="*")).status == 304


async def test_whatever_changes_an_answer_changes_its_tag() -> None:
    store = FakeStats(at(1))
    site = Site(store)
    path, query = "/stats/pages", "period=24h"
    seen = {await tag(site, path, query)}

    async def differs(path: str = path, query: str = query, **how: Any) -> None:
        found = await tag(site, path, query, **how)
        assert found not in seen
        seen.add(found)

    await differs("/stats/sites")
    await differs(query="period=7d")
    await differs(query="period=24h&format=csv")
    await differs(accept="application/x-ndjson")
    # What is folded while some other partition stands still.
    store.rows_ |= at(2)
    await differs()
    store.complete_ms += 1
    await differs()
    store.horizon = Hour(OPEN - 100)
    await differs()
    store.generation = 2
    await differs()
    site.now_ms += HOUR_MS // 4
    await differs()


async def test_faults_are_told_whatever_is_held() -> None:
    for held in ("*", '"x"', "nonsense"):
        assert (await Site(FakeStats()).get("/stats/views", b"unit=x", held=held)).status == 400


async def test_a_stream_is_kept_by_nobody() -> None:
    found = await Site(FakeStats(at(1))).get(EXPORT, held="*")
    assert (found.status, found.headers[b"cache-control"]) == (200, b"no-store")
    assert b"etag" not in found.headers


async def test_an_export_that_cannot_begin_is_refused() -> None:
    class Away(FakeStats):
        def _kept(self, *which: Any, **how: Any) -> Any:
            raise StoreUnavailable("the database cannot be reached")

    found = await Site(Away()).get(EXPORT)
    assert (found.status, found.json["type"]) == (503, "/problems/unavailable")


def test_the_same_hours_are_asked_for_until_another_one_is_complete() -> None:
    one = Standing(1, Hour(0), "", COMPLETE_MS, NOW_MS, (1, 2))
    moved = Standing(1, Hour(0), "", COMPLETE_MS + 9, NOW_MS + 9, (1, 3))
    unknown = Standing(2, Hour(0), "", 0, NOW_MS, (1, 2))
    assert one.asked_alike(moved)
    assert not one.asked_alike(unknown)
