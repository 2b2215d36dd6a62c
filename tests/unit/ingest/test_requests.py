"""What may be sent, and what is said about the rest."""

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RequestRefused
from domain.events import Hour
from domain.hours import hour_of
from domain.partitioning import partition_for
from ingest.requests import Limits, limits, multi_to_events, single_to_events
from tests.factories import TEN, event

Read = Callable[[bytes, Limits, int], object]
READS: tuple[Read, ...] = (single_to_events, multi_to_events)
NOW = limits(TEN, 0)
TEN_DAYS = limits(TEN, 10)


def refused(read: Read, body: bytes, accepted: Limits = NOW) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as caught:
        read(body, accepted, 10)
    return [(problem.pointer, problem.detail) for problem in caught.value.problems]


def test_a_single_view_becomes_one_event() -> None:
    body = b'{"page":"example.com/page","timestamp":"2025-07-16T10:00:00Z"}'
    partition = partition_for("example.com/page", 10)
    assert single_to_events(body, NOW, 10) == {partition: [event()]}


def test_a_multi_request_becomes_events_by_partition_and_their_sum() -> None:
    body = (
        b'{"example.com/page1":{"2025-07-16T10:00:00Z":5,"2025-07-16T11:00:00Z":3},'
        b'"example.com/page2":{"2025-07-16T10:00:00Z":2}}'
    )
    events, accepted = multi_to_events(body, NOW, 10)
    assert accepted == 10
    assert sorted(e.count for lane in events.values() for e in lane) == [2, 3, 5]
    for partition, lane in events.items():
        assert {partition_for(e.page, 10) for e in lane} == {partition}


@pytest.mark.parametrize("body", [b"{}", b'{"page":{}}'])
def test_nothing_to_count_is_accepted_as_nothing(body: bytes) -> None:
    assert multi_to_events(body, NOW, 10) == ({}, 0)


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        (b"", "", "not JSON"),
        (b"{", "", "not JSON"),
        (b"\xff", "", "not JSON"),
        (b"[]", "", "send {"),
        (b"null", "", "send {"),
        (b'{"page":"x"}', "", "timestamp"),
        (b'{"timestamp":"2025-07-16T10:00:00Z"}', "", "page"),
        (b'{"page":1,"timestamp":"2025-07-16T10:00:00Z"}', "", "str"),
        (b'{"page":"x","timestamp":"2025-07-16T10:00:00Z","more":1}', "", "more"),
        (b'{"page":"","timestamp":"2025-07-16T10:00:00Z"}', "/page", "empty"),
        (b'{"page":"a\\u0000b","timestamp":"2025-07-16T10:00:00Z"}', "/page", "control"),
        (b'{"page":"a\\u0085b","timestamp":"2025-07-16T10:00:00Z"}', "/page", "control"),
        (b'{"page":"x","timestamp":"yesterday"}', "/timestamp", "ISO 8601"),
        (b'{"page":"x","timestamp":"2025-07-16T11:00:00.001Z"}', "/timestamp", "1 h in the future"),
        (
            b'{"page":"' + b"x" * 2_049 + b'","timestamp":"2025-07-16T10:00:00Z"}',
            "/page",
            "2,049 bytes",
        ),
    ],
)
def test_a_bad_single_view_is_told_what_to_send(body: bytes, pointer: str, says: str) -> None:
    ((found, detail),) = refused(single_to_events, body)
    assert found == pointer
    assert says in detail


def test_every_fault_of_a_single_view_is_said() -> None:
    assert [p for p, _ in refused(single_to_events, b'{"page":"","timestamp":"x"}')] == [
        "/page",
        "/timestamp",
    ]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"a":{"2025-07-16T10:00:00Z":0}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":{"2025-07-16T10:00:00Z":1000000001}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":{"2025-07-16T10:00:00Z":1.5}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":{"2025-07-16T10:00:00Z":"1"}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":{"2025-07-16T10:00:00Z":true}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":{"2025-07-16T10:00:00Z":99999999999999999999}}', ["/a/2025-07-16T10:00:00Z"]),
        (b'{"a":5}', ["/a"]),
        (b'{"a/b~c":{"x":1}}', ["/a~1b~0c/x"]),
        (b'{"":{"2025-07-16T10:00:00Z":1},"a":{"x":0}}', ["/", "/a/x", "/a/x"]),
        (b"[]", [""]),
        (b"{", [""]),
    ],
)
def test_every_bad_entry_of_a_multi_request_is_listed(body: bytes, pointers: list[str]) -> None:
    assert [pointer for pointer, _ in refused(multi_to_events, body)] == pointers


@pytest.mark.parametrize("timestamp", ["2025-07-06T09:59:59.999Z", "0001-01-01T00:00:00Z"])
def test_a_view_of_an_hour_that_is_not_kept_is_refused(timestamp: str) -> None:
    says = (
        f"timestamp '{timestamp}' is older than RETENTION_DAYS=10 keeps: "
        "the oldest accepted moment is 2025-07-06T10:00:00Z"
    )
    body = f'{{"page":"x","timestamp":"{timestamp}"}}'.encode()
    assert refused(single_to_events, body, TEN_DAYS) == [("/timestamp", says)]
    body = f'{{"x":{{"{timestamp}":1,"2025-07-06T10:00:00Z":1}}}}'.encode()
    assert refused(multi_to_events, body, TEN_DAYS) == [(f"/x/{timestamp}", says)]


def test_the_oldest_hour_that_is_kept_is_accepted_to_its_beginning() -> None:
    body = b'{"x":{"2025-07-06T10:00:00Z":1}}'
    assert multi_to_events(body, TEN_DAYS, 10)[1] == 1


def test_any_age_is_accepted_where_everything_is_kept() -> None:
    assert multi_to_events(b'{"x":{"0001-01-01T00:00:00Z":1}}', NOW, 10)[1] == 1


def test_only_the_first_hundred_bad_entries_are_listed() -> None:
    body = b"{" + b",".join(b'"p%d":{"x":1}' % i for i in range(500)) + b"}"
    assert len(refused(multi_to_events, body)) == 100


def answers_or_refuses(body: bytes) -> None:
    for read in READS:
        with suppress(RequestRefused):
            read(body, NOW, 10)


@given(st.binary(max_size=60))
def test_no_bytes_can_do_worse_than_be_refused(body: bytes) -> None:
    answers_or_refuses(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x,
                                                                        max_size=3)))  # fmt: skip
def test_no_json_can_do_worse_than_be_refused(content: object) -> None:
    answers_or_refuses(json.dumps(content).encode())


def test_what_the_rows_do_not_keep_any_more_is_refused_whatever_the_clock_says() -> None:
    kept = hour_of(TEN)
    for days in (0, 10):
        accepted = limits(TEN, days, kept)
        old = b'{"page":"x","timestamp":"2025-07-16T09:59:59Z"}'
        says = (
            "timestamp '2025-07-16T09:59:59Z' is older than what is kept: "
            "the oldest accepted moment is 2025-07-16T10:00:00Z"
        )
        assert refused(single_to_events, old, accepted) == [("/timestamp", says)]
        old = b'{"x":{"2025-07-16T09:59:59Z":1}}'
        assert refused(multi_to_events, old, accepted) == [("/x/2025-07-16T09:59:59Z", says)]
        assert multi_to_events(b'{"x":{"2025-07-16T10:00:00Z":1}}', accepted, 10)[1] == 1


def test_nothing_is_accepted_where_the_horizon_is_in_the_future() -> None:
    accepted = limits(TEN, 400, Hour(hour_of(TEN) + 100 * 24))
    for moment in ("2025-07-16T10:00:00Z", "2025-07-16T11:00:00Z"):
        body = f'{{"page":"x","timestamp":"{moment}"}}'.encode()
        (fault,) = refused(single_to_events, body, accepted)
        assert "the oldest accepted moment is 2025-10-24T10:00:00Z" in fault[1]
