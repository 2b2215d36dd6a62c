"""How questions of statistics are read, and what is said where they cannot be."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from domain.errors import RequestRefused
from domain.events import Hour
from domain.keys import ANYBODY
from domain.stats.ranking import After
from read_api.stats.asked import RANGE, read_span
from read_api.stats.asking import DEFAULT_PERIOD
from read_api.stats.cursors import OfAnother, Unreadable, cursor_of, place_of
from read_api.stats.given import Given
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import NOW_MS, OPEN, Answered, Site

LISTS = ("/stats/pages", "/stats/sites")
RANGES = ("/stats/views", *LISTS, "/stats/movers", "/stats/hours-of-week", "/export/hourly")
EVERY = (*RANGES, "/stats/bounds")


def some() -> FakeStats:
    return FakeStats({(Hour(OPEN - n), f"a/{n}"): 1 for n in range(12)})


async def get(path: str, query: str = "", store: FakeStats | None = None) -> Answered:
    return await Site(store or some()).get(path, query.encode())


@pytest.mark.parametrize("path", EVERY)
async def test_what_is_no_parameter_is_named(path: str) -> None:
    found = await get(path, "agents=person&Period=7d&format=json")
    assert found.status == 400
    assert found.faults == ["agents", "Period"]


@pytest.mark.parametrize("path", RANGES)
@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("page=a&page=b", ["page"]),
        ("page=a&site=b&prefix=c", ["prefix", "site"]),
        ("page=", ["page"]),
        ("prefix=a%00", ["prefix"]),
        ("site=a/b", ["site"]),
        ("site=a%0a", ["site"]),
        ("period=7d&from=2025-01-01&to=2025-01-02", ["period"]),
        ("period=7 days", ["period"]),
        ("to=2025-01-02", ["from"]),
        ("from=2025-01-02&to=2025-01-02", ["to"]),
        ("from=2025-01-02T10:10Z&to=2025-01-02T10:50Z", ["to"]),
        ("from=2025-02-30", ["from"]),
        ("from=2999-01-01", ["from"]),
        ("from=today&to=tomorrow", ["from", "to"]),
        ("tz=Europe/Atlantis", ["tz"]),
        ("tz=../../etc/passwd", ["tz"]),
        ("tz=", ["tz"]),
        ("unit=minute", ["unit"]),
        ("format=xml", ["format"]),
        ("agent=", ["agent"]),
        ("agent=ALL", ["agent"]),
        ("agent=person,robot", ["agent"]),
        ("agent=%00", ["agent"]),
        ("agent=person&agent=robot", ["agent"]),
        (
            "format=xml&tz=x&unit=y&period=z&page=&agent=me",
            ["format", "agent", "page", "tz", "unit", "period"],
        ),
        ("page=%ff", [""]),
    ],
)
async def test_every_fault_of_a_range_is_told_at_once(
    path: str, query: str, faults: list[str]
) -> None:
    found = await get(path, query)
    assert found.status == 400
    assert found.faults == faults
    assert all(len(fault["detail"]) < 300 for fault in found.json["errors"])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0", ["limit"]),
        ("limit=1001", ["limit"]),
        ("limit=1e3", ["limit"]),
        ("trend=0", ["trend"]),
        ("trend=101", ["trend"]),
        ("order=hits&compare=last", ["order", "compare"]),
        ("search=%01", ["search"]),
        ("cursor=", ["cursor"]),
        ("cursor=!", ["cursor"]),
        ("cursor=gqQ", ["cursor"]),
        ("limit=0&trend=0&cursor=x&tz=x", ["limit", "trend", "cursor", "tz"]),
    ],
)
async def test_every_fault_of_a_list_is_told_at_once(
    path: str, query: str, faults: list[str]
) -> None:
    found = await get(path, query)
    assert (found.status, found.faults) == (400, faults)


async def test_at_most_a_hundred_faults_are_told() -> None:
    found = await get("/stats/views", "&".join(f"p{n}=" for n in range(5_000)))
    assert len(found.faults) == 100


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ("from=2000-01-01&to=2020-01-01&unit=hour", "unit=day, which fits"),
        ("from=1900-01-01&to=2020-01-01&unit=day", "unit=week, which fits"),
        ("from=1000-01-01&to=1700-01-01&unit=week", "unit=month, which fits"),
        ("from=0001-01-01&to=9999-12-31&unit=month", "a shorter range"),
    ],
)
async def test_too_many_buckets_are_refused_with_the_unit_that_fits(query: str, unit: str) -> None:
    found = await get("/stats/views", query)
    assert (found.status, found.faults) == (422, ["unit"])
    assert found.json["type"] == "/problems/too-many-buckets"
    assert found.json["detail"].endswith(f"send {unit}")


@pytest.mark.parametrize("compare", ["previous", "year"])
@pytest.mark.parametrize("path", ["/stats/views", *LISTS, "/stats/movers"])
async def test_nothing_is_compared_with_what_was_before_the_calendar(
    path: str, compare: str
) -> None:
    query = f"from=0001-01-01&to=0001-03-01&unit=month&compare={compare}"
    found = await get(path, query)
    assert (found.status, found.faults) == (400, ["compare"])


@given(st.binary(max_size=80), st.sampled_from(RANGE))
def test_any_bytes_are_a_range_or_a_list_of_faults(value: bytes, name: str) -> None:
    with suppress(RequestRefused):
        asked = Given(name.encode() + b"=" + value, RANGE, ANYBODY)
        span = read_span(asked, NOW_MS // 1_000, DEFAULT_PERIOD)
        asked.refuse_faults()
        assert span.range(NOW_MS // 1_000, None).hours > 0


@pytest.mark.parametrize(
    ("query", "start", "end", "unit"),
    [
        ("", "2025-07-09T13:00:00+00:00", "2025-07-16T13:00:00+00:00", "hour"),
        ("unit=day", "2025-07-10T00:00:00+00:00", "2025-07-17T00:00:00+00:00", "day"),
        ("period=today&tz=Asia/Tokyo", "2025-07-16T00:00:00+09:00", "2025-07-17T00:00:00+09:00",
         "hour"),
        ("from=2025-03-30&to=2025-03-31&tz=Europe/Berlin", "2025-03-30T00:00:00+01:00",
         "2025-03-31T00:00:00+02:00", "hour"),
        ("from=2025-07-16T10:00:00%2B02:00", "2025-07-16T08:00:00+00:00",
         "2025-07-16T13:00:00+00:00", "hour"),
        ("from=2025-07-16T10:00:00+02:00", "2025-07-16T08:00:00+00:00",
         "2025-07-16T13:00:00+00:00", "hour"),
        ("from=2025-07-16T10&to=2025-07-16T12:59:59Z&tz=Asia/Kolkata",
         "2025-07-16T15:30:00+05:30", "2025-07-16T17:30:00+05:30", "hour"),
        ("period=30d", "2025-06-17T00:00:00+00:00", "2025-07-17T00:00:00+00:00", "day"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/stats/views", "/stats/pages", "/stats/hours-of-week"])
async def test_the_question_is_said_as_it_was_understood(
    path: str, query: str, start: str, end: str, unit: str
) -> None:
    question = (await get(path, query)).json["question"]
    assert (question["from"], question["to"], question["unit"]) == (start, end, unit)


@pytest.mark.parametrize("selection", [{}, {"page": "a/1"}, {"site": ""}, {"prefix": "a/"}])
async def test_what_was_selected_is_said_as_it_is_asked(selection: dict[str, str]) -> None:
    found = await Site(some()).get("/stats/views", selection)
    assert found.json["question"]["selection"] == selection


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2025-07-15T10:20Z&to=2025-07-15T12:40Z", "from and to were moved back"),
        ("from=2025-07-15T10:20Z&to=2025-07-15T12:00Z", "from was moved back"),
        ("period=today&tz=Asia/Kathmandu", "Asia/Kathmandu begin within them"),
        ("unit=day&tz=Australia/Lord_Howe", "Australia/Lord_Howe begin within them"),
        ("period=30d", "Hours before 2025-07-01T12:00:00Z are no longer kept"),
    ],
)
@pytest.mark.parametrize("path", ["/stats/views", "/stats/pages", "/stats/hours-of-week"])
async def test_what_is_not_as_it_was_asked_is_told(path: str, query: str, words: str) -> None:
    store = some()
    store.horizon = Hour(OPEN - 24 * 15)
    (note,) = (await get(path, query, store)).json["notes"]
    assert words in note


@pytest.mark.parametrize("query", ["period=7d", "period=today&tz=Europe/Berlin", "unit=day"])
async def test_where_all_is_as_it_was_asked_nothing_is_told(query: str) -> None:
    assert (await get("/stats/views", query)).json["notes"] == []


afters = st.builds(
    After, st.integers(1, 10**9), st.integers(-(2**53), 2**53), st.sampled_from(["a/x", "", "é"])
)


@given(afters, st.integers(0, 10**6))
def test_a_cursor_leads_back_to_its_place(after: After, hour: int) -> None:
    question = [("", "page"), ("site", "a")]
    assert place_of(cursor_of(after, hour, question), question) == (after, hour)
    with pytest.raises(OfAnother):
        place_of(cursor_of(after, hour, question), [("", "page"), ("site", "b")])


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,80}", fullmatch=True))
def test_what_is_no_cursor_is_told_of(text: str) -> None:
    with pytest.raises((Unreadable, OfAnother)):
        place_of(text, [])


@pytest.mark.parametrize(
    "place",
    [
        [0, 1, "a", 1], [1, 1, "a\0", 1], [1, 1, "a", -1], [1, 2**63, "a", 1], [1, 1, 7, 1],
        [1, 1, "a" * 3_000, 1], [1, 1, "a", 10**9], [1, 1, "a", 1, 1],
    ],
)  # fmt: skip
def test_a_cursor_that_somebody_made_is_told_of(place: list[Any]) -> None:
    made = urlsafe_b64encode(msgpack.encode([*place, b"12345678"])).rstrip(b"=").decode()
    with pytest.raises((Unreadable, OfAnother)):
        place_of(made, [])


async def test_a_cursor_is_of_one_question_however_much_of_it_is_asked_for() -> None:
    first = (await get("/stats/pages", "limit=5")).json["next"]
    assert (await get("/stats/pages", f"limit=3&trend=2&cursor={first}")).status == 200
    for query in ("period=24h", "search=a", "order=page", "site=a", "tz=Asia/Tokyo", "agent=robot"):
        found = await get("/stats/pages", f"{query}&cursor={first}")
        assert (found.status, found.faults) == (400, ["cursor"])
    assert (await get("/stats/sites", f"cursor={first}")).faults == ["cursor"]


async def test_a_list_that_goes_on_in_another_hour_is_of_the_hours_it_began_with() -> None:
    store = some()
    first = (await Site(store).get("/stats/pages", b"limit=5&period=24h")).json
    later = Site(store, NOW_MS + 20 * 3_600_000)
    rest = await later.get("/stats/pages", f"period=24h&limit=50&cursor={first['next']}".encode())
    assert rest.json["question"] == first["question"]
    names = [row["page"] for row in (*first["pages"], *rest.json["pages"])]
    assert sorted(names) == sorted(f"a/{n}" for n in range(12))
