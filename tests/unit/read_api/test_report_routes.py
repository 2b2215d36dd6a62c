"""What GET /report answers, and how it tells of hours that are past."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.classes import Agent, slot_of
from domain.errors import RequestRefused
from domain.events import Epoch, Hour, Partition
from domain.hours import HOUR_MS, hour_of
from read_api.reports import parse_question
from read_api.routes import routes
from read_api.waiting import Waiting
from tests.factories import TEN
from tests.fakes import FakeReceipts, FakeStore
from tests.unit.web.test_door import ask as ask_bytes
from web.app import create_app

NOW_MS = TEN + HOUR_MS
WAITING = Waiting(FakeReceipts())
FIRST = hour_of(NOW_MS) - 24


async def ask(store: FakeStore, **given: str) -> httpx.Response:
    app = create_app(routes(store, lambda: NOW_MS, WAITING), {}, {})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/report", params={"page": "x", **given})


async def test_a_report_is_of_everybody_or_of_whom_is_asked_for() -> None:
    store = FakeStore()
    views = {Agent.UNKNOWN: 100, Agent.PERSON: 10, Agent.ROBOT: 7}
    store.rows |= {("x", Hour(FIRST), slot_of(5, agent)): number for agent, number in views.items()}
    whole = await ask(store)
    assert whole.json()["data"][0]["v"] == 117
    assert (await ask(store, agent="all")).content == whole.content
    for agent, number in views.items():
        found = await ask(store, agent=agent.name.lower())
        assert found.json()["data"][0]["v"] == number
        assert len(found.json()["data"]) == 24
        assert {*found.headers} == {*whole.headers}


@pytest.mark.parametrize("past", [1, 3, 24, 400])
async def test_hours_that_are_past_are_zero_and_the_horizon_is_told(past: int) -> None:
    store = FakeStore()
    store.rows |= {("x", FIRST + n, 0): 1 for n in range(24)}  # type: ignore[misc]
    store.horizon = hour_of(NOW_MS - (24 - past) * HOUR_MS)
    response = await ask(store)
    hours = [row["v"] for row in response.json()["data"]]
    assert hours == [0] * min(past, 24) + [1] * max(0, 24 - past)
    hour = f"{(store.horizon % 24):02}"
    assert response.headers["footfall-horizon"].endswith(f"T{hour}:00:00Z")


async def test_a_window_that_is_kept_whole_says_nothing_of_it() -> None:
    store = FakeStore()
    store.horizon = hour_of(NOW_MS - 24 * HOUR_MS)
    response = await ask(store)
    assert len(response.json()["data"]) == 24
    assert "footfall-horizon" not in response.headers


@pytest.mark.parametrize(
    ("complete_ms", "now_ms", "until", "lag"),
    [
        (TEN + 250, TEN + 1_250, "2025-07-16T10:00:00.250Z", "1"),
        (TEN + 250, TEN + 1_251, "2025-07-16T10:00:00.250Z", "2"),
        (TEN, TEN, "2025-07-16T10:00:00.000Z", "0"),
        (TEN + 59_999, TEN + 60_000, "2025-07-16T10:00:59.999Z", "1"),
    ],
)
async def test_an_answer_says_how_complete_it_is(
    complete_ms: int, now_ms: int, until: str, lag: str
) -> None:
    store = FakeStore()
    claim = await store.claim(Partition(0), Epoch(1))
    store.now = now_ms
    unsure = await ask(store)
    await store.record({claim.checkpoint: complete_ms})
    sure = await ask(store)
    names = ("footfall-generation", "footfall-complete-until", "footfall-lag-seconds")
    assert [sure.headers.get(name) for name in names] == ["1", until, lag]
    assert [unsure.headers.get(name) for name in names] == ["1", None, None]
    assert sure.content == unsure.content


async def refused(query: bytes) -> dict[str, Any]:
    app = create_app(routes(FakeStore(), lambda: NOW_MS, WAITING), {}, {})
    answered = await ask_bytes(app, "GET", b"/report", query=query)
    found: dict[str, Any] = msgspec.json.decode(answered.body)
    assert answered.status == 400
    assert b"appended" not in answered.body
    assert len(answered.body) < 40_000
    assert 1 <= len(found["errors"]) <= 100
    assert all(len(fault["detail"]) < 300 for fault in found["errors"])
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (b"page=x&y=1", ["y"]),
        (b"page=x&y=1&tz=0&y=2", ["y", "tz"]),
        (b"page=x&now=&now=", ["now", "now"]),
        (b"page=x&page=y&Take=3", ["page", "Take"]),
        (b"page=x&=1", [""]),
        (b"page=x&" + b"n" * 60_000, ["n" * 100 + "…"]),
        (b"page=x&" + b"now=&" * 12_000, ["now", "now"]),
        (b"page=x&" + b"&".join(b"p%d" % n for n in range(12_000)), [f"p{n}" for n in range(100)]),
        (b"page=caf%E9&y=1", [""]),
    ],
)
async def test_what_is_no_parameter_or_given_twice_is_named(query: bytes, names: list[str]) -> None:
    assert [fault["pointer"] for fault in (await refused(query))["errors"]] == names


async def test_the_end_of_a_page_that_was_not_encoded_is_told_how_to_be() -> None:
    found = await refused(b"page=x&y=1")
    assert found["detail"].startswith("y is no parameter: percent-encode & in page")


async def test_a_query_that_is_not_utf_8_has_one_fault() -> None:
    found = await refused(b"page=caf%E9&take=900")
    assert found["detail"] == "the query is not UTF-8: percent-encode it as UTF-8"


@given(st.binary(max_size=60))
def test_any_bytes_are_a_question_or_a_list_of_faults(query: bytes) -> None:
    with suppress(RequestRefused):
        assert parse_question(query, NOW_MS).page


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_a_page_is_read_whether_its_letters_are_encoded_or_not(page: str) -> None:
    encoded = quote(page, safe="")
    assert parse_question(f"page={encoded}".encode(), NOW_MS).page == page
    raw = "".join(c if ord(c) > 127 else quote(c, safe="") for c in page)
    assert parse_question(f"page={raw}".encode(), NOW_MS).page == page
