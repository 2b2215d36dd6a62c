"""User agents on their way from a body into a batch."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.keeping import keeping_of
from domain.agents.viewers import KEPT
from domain.errors import RequestRefused
from domain.events import MAX_COUNT, Partition, TabledBatch
from domain.wire import FORMAT, MAX_BYTES, MAX_EVENTS, decode
from ingest.appender import Appender
from ingest.cutting import cut
from ingest.faults import MAX_AGENTS
from ingest.requests import Views, limits, multi_to_events, single_to_events
from tests.factories import TEN, event
from tests.fakes import FakeLog

NOW = limits(TEN, 0)
T = "2025-07-16T10:00:00Z"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
OLDER = FIREFOX.replace("Windows NT 10.0", "Windows NT 6.1")
ONE = Partition(1)


def single(**members: object) -> Views:
    body = json.dumps({"page": "example.com/page", "timestamp": T, **members}).encode()
    return single_to_events(body, NOW, 1)


def multi(counts: object, **pages: object) -> Views:
    return multi_to_events(json.dumps({"x": {T: counts}, **pages}).encode(), NOW, 1)


def known(views: Views) -> list[tuple[int, str | None]]:
    """Of the one partition there is."""
    events = views.events.get(Partition(0), [])
    texts = views.texts.get(Partition(0), [None] * len(events))
    return [(event.count, text) for event, text in zip(events, texts, strict=True)]


def test_a_view_comes_with_its_user_agent() -> None:
    assert known(single(user_agent=FIREFOX)) == [(1, "Firefox/128 (Windows)")]


@pytest.mark.parametrize("agent", ["", "-", "a\x00b", "x" * 5_000, "\ud800"])
def test_an_agent_that_says_nothing_is_a_view_like_any_other(agent: str) -> None:
    assert single(user_agent=agent) == single()
    assert known(multi({agent: 3})) == [(3, None)]


def test_in_place_of_a_count_there_may_be_counts_by_user_agent() -> None:
    views = multi({FIREFOX: 3, "curl/8.5.0": 2, "": 1}, y={T: 4})
    assert known(views) == [(3, "Firefox/128 (Windows)"), (2, "curl"), (1, None), (4, None)]
    assert views.total == 10


def test_agents_of_whom_the_same_is_kept_are_one() -> None:
    assert known(multi({FIREFOX: 3, OLDER: 4})) == [(7, "Firefox/128 (Windows)")]


def test_no_count_becomes_larger_than_one_may_be() -> None:
    views = multi({FIREFOX: MAX_COUNT, OLDER: 4})
    assert sorted(known(views)) == [
        (4, "Firefox/128 (Windows)"),
        (MAX_COUNT, "Firefox/128 (Windows)"),
    ]


def test_no_agents_are_no_views() -> None:
    assert multi({}) == ({}, 0, {})


def refused(read: object, *arguments: object, **members: object) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as caught:
        read(*arguments, **members)  # type: ignore[operator]
    return [(problem.pointer, problem.detail) for problem in caught.value.problems]


@pytest.mark.parametrize("agent", [None, 1, ["curl"], {"curl": 1}])
def test_an_agent_that_is_no_string_is_refused(agent: object) -> None:
    ((pointer, detail),) = refused(single, user_agent=agent)
    assert pointer == "/user_agent"
    assert "leave out user_agent" in detail


def test_an_agent_that_is_given_twice_is_refused() -> None:
    body = b'{"page":"x","timestamp":"%s","user_agent":"a","user_agent":"b"}' % T.encode()
    ((pointer, detail),) = refused(single_to_events, body, NOW, 1)
    assert (pointer, "2 times" in detail) == ("/user_agent", True)


@pytest.mark.parametrize("count", [0, -1, True, None, 1.5, "1", {"b": 1}, [1], MAX_COUNT + 1])
def test_a_count_by_agent_that_is_none_is_refused_where_it_stands(count: object) -> None:
    ((pointer, detail),) = refused(multi, {"a/b": 1, "c~": count})
    assert pointer == f"/x/{T}/c~0"
    assert detail.startswith("the count is not a whole number from 1")


def test_a_request_has_so_many_different_agents_at_most() -> None:
    agents = {f"Agent{n}": 1 for n in range(MAX_AGENTS)}
    assert multi(agents, y={T: agents}).total == 2 * MAX_AGENTS
    ((pointer, detail),) = refused(multi, agents, y={T: {"another": 1}})
    assert pointer == ""
    assert "1,001 different user agents" in detail


def appender(log: FakeLog, kept: str = "label") -> Appender:
    return Appender(
        log,
        clock=lambda: TEN,
        producer=lambda: "p1",
        draw_shard=lambda: 7,
        linger_seconds=0,
        deadline_seconds=10,
        keeping=keeping_of(kept),
    )


async def test_a_batch_without_agents_is_what_it_was() -> None:
    log = FakeLog()
    await appender(log).append({ONE: [event()]})
    (body,) = log.entries[ONE]
    assert body.startswith(b"[%d," % FORMAT)


@pytest.mark.parametrize("kept", sorted(KEPT))
async def test_a_batch_says_what_is_kept_of_each_viewer(kept: str) -> None:
    log = FakeLog()
    keeping = keeping_of(kept)
    texts = [None, keeping.text_of(FIREFOX), keeping.text_of("curl/8.5.0")]
    await appender(log, kept).append(
        {ONE: [event("a"), event("b"), event("c")], Partition(2): [event("d")]}, {ONE: texts}
    )
    batch = decode(log.entries[ONE][0])
    assert isinstance(batch, TabledBatch)
    assert batch.agents is not None
    assert (batch.agents.kept, batch.agents.data) == (kept, keeping.data)
    assert batch.agents.by_event() == texts
    assert decode(log.entries[Partition(2)][0]).agents is None


async def test_requests_with_agents_and_without_share_a_batch() -> None:
    log = FakeLog()
    sender = appender(log)
    await asyncio.gather(
        sender.append({ONE: [event("a"), event("b")]}),
        sender.append({ONE: [event("c")]}, {ONE: ["curl"]}),
        sender.append({ONE: [event("d")]}, {ONE: ["curl"]}),
    )
    (body,) = log.entries[ONE]
    agents = decode(body).agents
    assert agents is not None
    assert (agents.texts, agents.by_event()) == (["curl"], [None, None, "curl", "curl"])


_TEXTS = (
    st.none()
    | st.sampled_from(["curl", "é" * 200, '"' * 250, "\\" * 250])
    | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120)
)


@given(st.lists(st.tuples(st.sampled_from(["a", "я" * 900, '"' * 2_000]), _TEXTS), max_size=700))
def test_runs_fit_into_a_batch_and_leave_nothing_out(found: list[tuple[str, str | None]]) -> None:
    events = [event(page) for page, _ in found]
    texts = [text for _, text in found]
    runs = cut(events, texts)
    assert [one for run in runs for one in run.events] == events
    assert [text for run in runs for text in run.texts or ()] == texts
    assert all(len(run.events) <= MAX_EVENTS for run in runs)


@pytest.mark.parametrize("size", [1, 100, 500])
async def test_batches_with_agents_have_no_more_bytes_than_others(size: int) -> None:
    log = FakeLog()
    sender = appender(log)
    events = [event(f"page/{n}") for n in range(1_500)]
    texts = [f"{n} " + '"' * 60 for n in range(1_500)]
    await asyncio.gather(
        *(
            sender.append({ONE: events[at : at + size]}, {ONE: texts[at : at + size]})
            for at in range(0, 1_500, size)
        )
    )
    assert max(len(body) for body in log.entries[ONE]) <= MAX_BYTES
    batches = [decode(body) for body in log.entries[ONE]]
    assert [one for batch in batches for one in batch.events] == events
    assert [t for batch in batches if batch.agents for t in batch.agents.by_event()] == texts
