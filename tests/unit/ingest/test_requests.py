"""What may be sent, and what is said about the rest."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RequestRefused
from domain.events import Hour
from domain.hours import hour_of, parse_instant
from domain.partitioning import partition_for
from ingest.faults import Limits
from ingest.requests import limits, multi_to_events, single_to_events
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
    assert single_to_events(body, NOW, 10) == ({partition: [event()]}, 1, {})


def test_a_multi_request_becomes_events_by_partition_and_their_sum() -> None:
    body = (
        b'{"example.com/page1":{"2025-07-16T10:00:00Z":5,"2025-07-16T11:00:00Z":3},'
        b'"example.com/page2":{"2025-07-16T10:00:00Z":2}}'
    )
    events, accepted, _ = multi_to_events(body, NOW, 10)
    assert accepted == 10
    assert sorted(e.count for lane in events.values() for e in lane) == [2, 3, 5]
    for partition, lane in events.items():
        assert {partition_for(e.page, 10) for e in lane} == {partition}


@pytest.mark.parametrize("body", [b"{}", b'{"page":{}}'])
def test_nothing_to_count_is_accepted_as_nothing(body: bytes) -> None:
    assert multi_to_events(body, NOW, 10) == ({}, 0, {})


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


T = "2025-07-16T10:00:00Z"
LATER = "2025-07-16T10:30:00Z"


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        (f'{{"a":{{"{T}":5}},"a":{{"{LATER}":3}}}}', {("a", T): 5, ("a", LATER): 3}),
        (f'{{"a":{{"{T}":5}},"a":{{"{T}":3}}}}', {("a", T): 8}),
        (f'{{"a":{{"{T}":5,"{T}":3}}}}', {("a", T): 8}),
        (f'{{"a":{{"{T}":5,"2025-07-16t12:00:00+02:00":3}}}}', {("a", T): 8}),
        (f'{{"a":{{"{T}":1}},"b":{{"{T}":1}},"\\u0061":{{"{T}":2}}}}', {("a", T): 3, ("b", T): 1}),
        (f'{{"a":{{"{T}":5}},"a":{{}}}}', {("a", T): 5}),
        (f'{{"a":{{}},"a":{{"{T}":5}}}}', {("a", T): 5}),
    ],
)
def test_a_page_or_moment_given_twice_is_counted_both_times(
    body: str, counted: dict[tuple[str, str], int]
) -> None:
    events, accepted, _ = multi_to_events(body.encode(), NOW, 10)
    found: Counter[tuple[str, int]] = Counter()
    for e in (e for lane in events.values() for e in lane):
        found[e.page, e.at_ms] += e.count
    assert found == {(page, parse_instant(t)): count for (page, t), count in counted.items()}
    assert accepted == sum(counted.values())


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (f'{{"a":0,"a":{{"{T}":1}}}}', ["/a"]),
        (f'{{"a":{{"{T}":1}},"a":0}}', ["/a"]),
        (f'{{"a":{{"{T}":0,"{T}":1}}}}', [f"/a/{T}"]),
        (f'{{"a":{{"{T}":1,"{T}":0}},"a":[]}}', [f"/a/{T}", "/a"]),
        (f'{{"":{{"{T}":1}},"":{{"{T}":1}}}}', ["/", "/"]),
    ],
)
def test_nothing_that_is_given_twice_hides_a_fault(body: str, pointers: list[str]) -> None:
    assert [pointer for pointer, _ in refused(multi_to_events, body.encode())] == pointers


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (f'{{"page":"x","timestamp":"{T}","page":"x"}}', [("/page", "page is given 2 times")]),
        (f'{{"p\\u0061ge":"x","timestamp":"{T}","page":"y"}}', [("/page", "given 2 times")]),
        (f'{{"timestamp":"{T}","page":"x","timestamp":"{T}"}}', [("/timestamp", "given 2 times")]),
        ('{"page":"x","page":"x"}', [("/page", "given 2 times"), ("", "timestamp is missing")]),
        (f'{{"page":1,"timestamp":"{T}","page":"x"}}', [("/page", "given"), ("", "not a string")]),
        (f'{{"x":1,"x":1,"page":"x","timestamp":"{T}"}}', [("", "'x' is no member")]),
    ],
)
def test_what_a_single_view_has_twice_is_refused_by_name(
    body: str, faults: list[tuple[str, str]]
) -> None:
    found = refused(single_to_events, body.encode())
    assert [pointer for pointer, _ in found] == [pointer for pointer, _ in faults]
    for (_, detail), (_, says) in zip(found, faults, strict=True):
        assert says in detail


def test_a_single_view_has_no_more_than_a_hundred_faults() -> None:
    body = "{" + ",".join(f'"p{i}":1' for i in range(500)) + "}"
    assert len(refused(single_to_events, body.encode())) == 100


COUNT = f'{{"a":{{"{T}":%s}}}}'


@pytest.mark.parametrize("count", ["1", "999", "1000", "1000000000"])
def test_a_count_is_a_whole_number(count: str) -> None:
    assert multi_to_events((COUNT % count).encode(), NOW, 10)[1] == int(count)


@pytest.mark.parametrize(
    "count",
    ["0", "-0", "-1", "1.0", "1e2", "1E0", "10e-1", "1.5", "1e400", "true", "null", '"1"', "[1]",
     '[{"1":1}]', "1000000001", "-1000000000", "9" * 20, "9" * 21, "9" * 5_000, "-" + "9" * 100_000,
     "1" + "0" * 1_000_000],
    ids=lambda count: count[:21],
)  # fmt: skip
def test_any_other_count_is_refused_where_it_stands(count: str) -> None:
    assert [p for p, _ in refused(multi_to_events, (COUNT % count).encode())] == [f"/a/{T}"]


def whole(read: Read) -> bytes:
    if read is single_to_events:
        return f'{{"page":"x","timestamp":"{T}"}}'.encode()
    return (COUNT % 1).encode()


BOTH = pytest.mark.parametrize("read", READS)
MARK = b"\xef\xbb\xbf"


@BOTH
def test_a_byte_order_mark_and_white_space_are_skipped(read: Read) -> None:
    body = whole(read)
    assert read(MARK + b" \t\r\n" + body + b" \r\n", NOW, 10) == read(body, NOW, 10)


@BOTH
@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: MARK + MARK + body,
        lambda body: b" " + MARK + body,
        lambda body: body + MARK,
        lambda body: body + body,
        lambda body: body + b"\x00",
        lambda body: body + b" x",
        lambda body: body[:-1],
        lambda body: body[:-1] + b",}",
        lambda body: b"\x0c" + body,
        lambda body: b"\xc2\xa0" + body,
        lambda body: body.replace(b'"', b"'"),
        lambda body: body.decode().encode("utf-16"),
        lambda body: body.decode().encode("utf-16-le"),
        lambda body: body.decode().encode("utf-32"),
        lambda body: body.replace(b"2025", b"2025\xff"),
        # Too long a form of a slash, a surrogate in UTF-8, beyond Unicode.
        lambda body: body.replace(b"2025", b"\xc0\xaf2025"),
        lambda body: body.replace(b"2025", b"\xed\xa0\x802025"),
        lambda body: body.replace(b"2025", b"\xf4\x90\x80\x802025"),
        lambda body: body.replace(b"2025", b"\x01"),
        lambda body: body.replace(b"2025", b"\n"),
        lambda body: body.replace(b"2025", b"\\x41"),
        lambda body: body.replace(b"2025", b"\\u00g1"),
        lambda body: body.replace(b"}", b',"n":NaN}'),
        lambda body: body.replace(b"}", b',"n":-Infinity}'),
        lambda body: body.replace(b"}", b',"n":01}'),
        lambda body: body.replace(b"}", b',"n":+1}'),
        lambda body: body.replace(b"}", b',"n":.1}'),
        lambda _: b" \n",
    ],
)
def test_what_is_no_json_in_utf8_is_refused(read: Read, spoil: Callable[[bytes], bytes]) -> None:
    ((pointer, detail),) = refused(read, spoil(whole(read)))
    assert pointer == ""
    assert "the body is not JSON" in detail


@BOTH
@pytest.mark.parametrize("depth", [900, 1_000, 10_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"":[', b"]}]")]
)
def test_brackets_of_any_depth_are_refused(
    read: Read, depth: int, opening: bytes, closing: bytes
) -> None:
    for content in (opening * depth, opening * depth + b"1" + closing * depth):
        assert refused(read, content)
        assert refused(read, b'{"page":' + content + b"}")


@BOTH
@pytest.mark.parametrize("text", ["\\ud800", "\\udfff\\ud800", "x\\u0000", "\\u001b[2J", "\\u0085"])
def test_characters_that_no_page_has_are_refused_escaped_too(read: Read, text: str) -> None:
    if read is single_to_events:
        refused(read, f'{{"page":"{text}","timestamp":"{T}"}}'.encode())
        refused(read, f'{{"page":"x","timestamp":"{text}"}}'.encode())
        refused(read, f'{{"page":"x","timestamp":"{T}","{text}":1}}'.encode())
    else:
        refused(read, f'{{"{text}":{{"{T}":1}}}}'.encode())
        refused(read, f'{{"x":{{"{text}":1}}}}'.encode())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "a/b", "é", "\N{GRINNING FACE}", '"']),
            st.lists(st.tuples(st.integers(0, 59), st.integers(1, 10**9)), max_size=4),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_every_count_that_goes_in_comes_out(
    pages: list[tuple[str, list[tuple[int, int]]]], escaped: bool
) -> None:
    def text(page: str) -> str:
        return json.dumps(page, ensure_ascii=escaped)

    inside = (
        ",".join(f'"2025-07-16T10:{minute:02}:00Z":{count}' for minute, count in counts)
        for _, counts in pages
    )
    body = ",".join(f"{text(page)}:{{{i}}}" for (page, _), i in zip(pages, inside, strict=True))
    events, accepted, _ = multi_to_events(f"{{{body}}}".encode(), NOW, 10)
    found = Counter((e.page, e.at_ms, e.count) for lane in events.values() for e in lane)
    assert found == Counter((p, TEN + m * 60_000, c) for p, counts in pages for m, c in counts)
    assert accepted == sum(count for _, counts in pages for _, count in counts)


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
