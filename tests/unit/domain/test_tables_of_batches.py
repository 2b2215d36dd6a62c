"""Format 2: what stands beside the events of a batch."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.viewers import (
    CLASS,
    FULL,
    KEPT,
    LABEL,
    MAX_TEXT_BYTES,
    TABLE_BYTES,
    Viewers,
    usable,
)
from domain.batch_tables import KNOWN, RESERVED
from domain.columns import MAX_TEXTS, PLACE_BYTES, text_bytes
from domain.errors import Undecodable, UnknownFormat
from domain.events import Batch, PageViewed, TabledBatch
from domain.guard import MAX_NEW_PAGES, Guard, share
from domain.sources import MAX_SOURCE_BYTES, Sources
from domain.wire import FORMAT, MAX_EVENTS, WITH_TABLES, decode, encode, recorded_ms
from tests.factories import batch, event

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=120)
ANYTHING = st.text(max_size=600)

# What was written once; every line of it is read for ever, as this. New lines may be added.
GOLDEN: list[tuple[bytes, Batch]] = [
    (
        b'[1,"p1",3,9,4,[["a/b",5,7]]]',
        Batch(1, "p1", 3, 9, 4, [PageViewed("a/b", 5, 7)]),
    ),
    (
        b'[2,"6f1c0d7e4e0b4b0c8f2a6a1b2c3d4e5f",1,1752660000123,7,'
        b'[["a",1752659999000,1],["b",1752659999001,2],["a",1752659999002,1]],'
        b'{"agent":{"kept":"label","data":"lists 2026-11",'
        b'"texts":["Firefox 128 Linux","Googlebot"],"of":[1,null,0]}}]',
        TabledBatch(
            2,
            "6f1c0d7e4e0b4b0c8f2a6a1b2c3d4e5f",
            1,
            1_752_660_000_123,
            7,
            [
                PageViewed("a", 1_752_659_999_000, 1),
                PageViewed("b", 1_752_659_999_001, 2),
                PageViewed("a", 1_752_659_999_002, 1),
            ],
            Viewers("label", "lists 2026-11", ["Firefox 128 Linux", "Googlebot"], [1, None, 0]),
        ),
    ),
    (
        b'[2,"p",1,0,32767,[["\xd0\xb6",0,1]],'
        b'{"agent":{"kept":"full","data":"","texts":["Mozilla/5.0 (\\"X\\\\11\\"; \xc3\xa9)"],'
        b'"of":[0]}}]',
        TabledBatch(
            2,
            "p",
            1,
            0,
            32_767,
            [PageViewed("ж", 0, 1)],
            Viewers("full", "", ['Mozilla/5.0 ("X\\11"; é)'], [0]),
        ),
    ),
    (
        b'[2,"p",3,9,1,[["a/b",0,1],["a/c",0,2],["d",0,1]],'
        b'{"agent":{"kept":"label","data":"1","texts":["Firefox 128 Linux"],"of":[null,0,null]},'
        b'"source":{"texts":["example.org","","\xd0\xb6 \\"x\\""],"of":[0,1,2]},'
        b'"!guard":{"new_pages":1250,"of":[1,0,1]}}]',
        TabledBatch(
            2,
            "p",
            3,
            9,
            1,
            [PageViewed("a/b", 0, 1), PageViewed("a/c", 0, 2), PageViewed("d", 0, 1)],
            Viewers("label", "1", ["Firefox 128 Linux"], [None, 0, None]),
            Sources(["example.org", "", 'ж "x"'], [0, 1, 2]),
            Guard(1_250, [1, 0, 1]),
        ),
    ),
    (
        b'[2,"p",4,9,1,[["a",0,1],["b",0,1]],{"source":{"texts":[""],"of":[null,0]}}]',
        TabledBatch(
            2,
            "p",
            4,
            9,
            1,
            [PageViewed("a", 0, 1), PageViewed("b", 0, 1)],
            sources=Sources([""], [None, 0]),
        ),
    ),
    (
        b'[2,"p",5,9,1,[["a",0,1],["b",0,1]],{"!guard":{"new_pages":1}}]',
        TabledBatch(
            2, "p", 5, 9, 1, [PageViewed("a", 0, 1), PageViewed("b", 0, 1)], guard=Guard(1)
        ),
    ),
    (
        b'[2,"p",2,0,0,[["a",0,1]],{"agent":{"kept":"class","data":"1","texts":["robot"],"of":[0]}}]',
        TabledBatch(
            2, "p", 2, 0, 0, [PageViewed("a", 0, 1)], Viewers("class", "1", ["robot"], [0])
        ),
    ),
]
# Read as these, but never written so.
READ: list[tuple[bytes, Batch]] = [
    (b'[2,"p",2,0,0,[["a",0,1]],{}]', Batch(2, "p", 2, 0, 0, [PageViewed("a", 0, 1)])),
    (
        b'[ 2,"p",2,0,0,[["a",0,1]],{"country":{"of":[7],"\\u0000":[]},"x":1e4,"covered":null}]',
        Batch(2, "p", 2, 0, 0, [PageViewed("a", 0, 1)]),
    ),
    (
        b'[2,"p",2,0,0,[["a",0,1]],{"pt":3,"agent":{"of":[0],"new":{"!":1},"texts":["x","x","y"],'
        b'"data":"d","kept":"of_a_footfall"}}]',
        TabledBatch(
            2,
            "p",
            2,
            0,
            0,
            [PageViewed("a", 0, 1)],
            Viewers("of_a_footfall", "d", ["x", "x", "y"], [0]),
        ),
    ),
]


@pytest.mark.parametrize(("body", "found"), GOLDEN)
def test_what_was_written_once_is_read_and_written_the_same_for_ever(
    body: bytes, found: Batch
) -> None:
    assert decode(body) == found
    assert encode(found) == body
    assert recorded_ms(body) == found.recorded_ms


@pytest.mark.parametrize(("body", "found"), READ)
def test_what_a_footfall_to_come_adds_is_passed_over(body: bytes, found: Batch) -> None:
    assert decode(body) == found


def test_no_table_is_no_reason_for_another_format() -> None:
    assert encode(batch(agents=[None])) == encode(batch())
    read = decode(b'[2,"p1",1,0,0,[["a",0,1]],{"country":{}}]')
    assert encode(read) == b'[1,"p1",1,0,0,[["a",0,1]]]'
    assert (read.format, read.agents, decode(encode(batch())).agents) == (WITH_TABLES, None, None)
    assert decode(encode(batch())).format == FORMAT


@given(st.lists(st.tuples(st.text("abcé", min_size=1), TEXTS | st.none()), min_size=1, max_size=30))
def test_each_event_has_its_viewer_after_the_round_trip(viewed: list[tuple[str, Any]]) -> None:
    texts = [text for _, text in viewed]
    sent = batch(*(event(page) for page, _ in viewed), agents=texts)
    found = decode(encode(sent))
    assert found == sent
    assert (found.agents.by_event() if found.agents else [None] * len(texts)) == texts


@given(st.lists(ANYTHING | st.none(), max_size=20))
def test_what_can_be_no_text_is_not_known_and_never_spoils_a_batch(texts: list[Any]) -> None:
    kept = [text if text is not None and usable(text) else None for text in texts]
    sent = batch(*(event() for _ in texts), agents=texts)
    found = decode(encode(sent)).agents
    assert (found.by_event() if found else [None] * len(texts)) == kept


@given(st.lists(TEXTS | st.sampled_from(['"' * 9, "\\" * 9, "é" * 256]) | st.none(), min_size=1))
def test_what_a_table_takes_at_most_is_known_before(texts: list[Any]) -> None:
    views = [event() for _ in texts]
    more = len(encode(batch(*views, agents=texts))) - len(encode(batch(*views)))
    distinct = {text for text in texts if text is not None}
    assert more <= TABLE_BYTES + PLACE_BYTES * len(texts) + sum(map(text_bytes, distinct))


def test_the_head_of_a_table_fits_in_what_is_taken_for_it() -> None:
    found = Viewers("x" * 16, "d" * 200, [], [])
    views = TabledBatch(WITH_TABLES, "p", 1, 0, 0, [], found)
    assert len(encode(views)) - len(b'[2,"p",1,0,0,[]]') <= TABLE_BYTES


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * MAX_TEXT_BYTES, True),
        ("x" * (MAX_TEXT_BYTES + 1), False),
        ("é" * (MAX_TEXT_BYTES // 2), True),
        ("é" * (MAX_TEXT_BYTES // 2) + "x", False),
        ("", False),
        ("a\tb", False),
        ("a\x7fb", False),
        ("a\x85b", False),
        ("a\x00b", False),
        ("a\ud800b", False),
        ("Mozilla/5.0 (compatible; é 🙂)", True),
    ],
)
def test_a_text_is_bounded_where_it_is_kept_and_where_it_is_read(text: str, fits: bool) -> None:
    assert usable(text) == fits
    body = json.dumps([2, "p", 1, 0, 0, [["a", 0, 1]], {"agent": _agent(texts=[text])}]).encode()
    if fits:
        agents = decode(body).agents
        assert agents is not None
        assert agents.by_event() == [text]
    else:
        with pytest.raises(Undecodable):
            decode(body)


def _agent(**members: Any) -> dict[str, Any]:
    return {"kept": "label", "data": "d", "texts": ["x"], "of": [0]} | members


@pytest.mark.parametrize(
    "table",
    [
        _agent(of=[1]),
        _agent(of=[-1]),
        _agent(of=[]),
        _agent(of=[0, 0]),
        _agent(of=[True]),
        _agent(of=["0"]),
        _agent(of=[0.5]),
        _agent(of=None),
        _agent(texts=[]),
        _agent(texts=[None]),
        _agent(texts=["x"] * (MAX_TEXTS + 1)),
        _agent(texts=["x"] * MAX_TEXTS, of=[MAX_TEXTS]),
        _agent(kept=""),
        _agent(kept="Label"),
        _agent(kept="label\n"),
        _agent(kept="x" * 17),
        _agent(kept=1),
        _agent(data="x" * 201),
        _agent(data="\n"),
        _agent(data="1\n"),
        _agent(data="é"),
        {"kept": "label", "data": "d", "texts": ["x"]},
        {"kept": "label", "texts": ["x"], "of": [0]},
        None,
        [],
        0,
        "agent",
    ],
)
def test_a_table_that_is_known_and_does_not_fit_is_undecodable(table: Any) -> None:
    body = json.dumps([2, "p", 1, 0, 0, [["a", 0, 1]], {"agent": table}]).encode()
    with pytest.raises(Undecodable):
        decode(body)


def _sources(**members: Any) -> dict[str, Any]:
    return {"texts": ["x"], "of": [0]} | members


@pytest.mark.parametrize(
    ("name", "table", "fits"),
    [
        ("source", _sources(), True),
        ("source", _sources(of=[None]), True),
        ("source", _sources(texts=["", "x" * MAX_SOURCE_BYTES]), True),
        ("source", _sources(texts=["x" * (MAX_SOURCE_BYTES + 1)]), False),
        ("source", _sources(texts=["é" * 128]), False),
        ("source", _sources(texts=["a\nb"]), False),
        ("source", _sources(texts=["\x7f"]), False),
        ("source", _sources(texts=["\ud800"]), False),
        ("source", _sources(texts=["x"] * (MAX_TEXTS + 1)), False),
        ("source", _sources(texts=[None]), False),
        ("source", _sources(of=[1]), False),
        ("source", _sources(of=[-1]), False),
        ("source", _sources(of=[0, 0]), False),
        ("source", _sources(of=[]), False),
        ("source", {"texts": ["x"]}, False),
        ("source", None, False),
        ("!guard", {"new_pages": 1}, True),
        ("!guard", {"new_pages": 1, "of": [0], "more": {"!": 1}}, True),
        ("!guard", {"new_pages": MAX_NEW_PAGES, "of": [1]}, True),
        ("!guard", {"new_pages": MAX_NEW_PAGES + 1}, False),
        ("!guard", {"new_pages": 0}, False),
        ("!guard", {"new_pages": True}, False),
        ("!guard", {"of": [1]}, False),
        ("!guard", {"new_pages": 1, "of": [2]}, False),
        ("!guard", {"new_pages": 1, "of": [1, 1]}, False),
        ("!guard", {"new_pages": 1, "of": None}, False),
        ("!guard", [], False),
    ],
)
def test_sources_and_the_guard_fit_their_events_or_the_batch_is_none(
    name: str, table: Any, fits: bool
) -> None:
    body = json.dumps([2, "p", 1, 0, 0, [["a", 0, 1]], {name: table}]).encode()
    if fits:
        assert isinstance(decode(body), TabledBatch)
    else:
        with pytest.raises(Undecodable):
            decode(body)


def test_a_table_that_must_be_known_is_not_hidden_by_the_guard() -> None:
    guard = b'"!guard":{"new_pages":1}'
    with pytest.raises(UnknownFormat, match=r'a table "!seen"'):
        decode(b'[2,"p",1,0,0,[["a",0,1]],{%b,"!seen":{}}]' % guard)
    with pytest.raises(UnknownFormat, match=r'a table "!guard:"'):
        decode(b'[2,"p",1,0,0,[["a",0,1]],{%b,"!guard:":{"x":{"!guard":{}}}}]' % guard)
    assert decode(b'[2,"p",1,0,0,[["!guard",0,1]],{%b}]' % guard).guard == Guard(1)


def test_of_several_numbers_of_new_pages_the_least_is_for_all() -> None:
    assert Guard.gathered([0, 0]) is None
    assert Guard.gathered([3, 2]) == Guard(2)
    assert Guard.gathered([3, 0, 2]) == Guard(2, [1, 0, 1])
    assert [Guard(2).flags(2), Guard(2, [0, 1]).flags(2)] == [[1, 1], [0, 1]]
    assert (share(10_000, 8), share(9, 8), share(1, 8), share(0, 8)) == (1_250, 2, 1, 0)


@pytest.mark.parametrize(
    "body",
    [
        b'[2,"p",1,0,0,[["a",0,1]]]',
        b'[2,"p",1,0,0,[["a",0,1]],[]]',
        b'[2,"p",1,0,0,[["a",0,1]],null]',
        b'[2,"p",1,0,0,[["a",0,0]],{}]',
        b'[2,"p",1,0,0,[["a\\u0000",0,1]],{}]',
        b'[2,"",1,0,0,[["a",0,1]],{}]',
        b'[2,"p",1,0,0,[["a",0,1]],{"source":}]',
        b'[2,"p",1,0,0,[["a",0,1]],{"source":' + b"[" * 100_000,
        b'[2,"p",1,0,0,[' + b",".join([b'["a",0,1]'] * (MAX_EVENTS + 1)) + b"],{}]",
        b'[2,"p",1,0,0,[["a",0,1]],{"!x":1,"agent":',
        b'[2.0,"p",1,0,0,[["a",0,1]],{}]',
        b'[2,"p",1,0,0,[["a",0,1]],{"agent":{"kept":"label","data":"d","texts":["\xff"],"of":[0]}}]',
    ],
)
def test_what_is_no_batch_is_undecodable_with_tables_too(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


@pytest.mark.parametrize("others", ["", '"agent":{"of":[9]},', '"source":{},'])
def test_a_table_that_must_be_known_stops_and_says_which(others: str) -> None:
    body = f'[2,"p",1,0,0,[["a",0,1]],{{{others}"!seen":{{}}}}]'.encode()
    with pytest.raises(UnknownFormat, match=r'a table "!seen".*upgrade the projectors'):
        decode(body)
    with pytest.raises(UnknownFormat):
        recorded_ms(body)


def test_a_name_that_is_written_with_escapes_is_the_same_name() -> None:
    with pytest.raises(UnknownFormat, match=r'a table "!seen"'):
        decode(b'[2,"p",1,0,0,[["a",0,1]],{"\\u0021seen":{}}]')
    escaped = b'{"\\u0061gent":{"kept":"label","data":"1","texts":["x"],"of":[0]}}'
    agents = decode(b'[2,"p",1,0,0,[["a",0,1]],' + escaped + b"]").agents
    assert agents == Viewers("label", "1", ["x"], [0])


def test_a_page_may_begin_as_such_a_name_does() -> None:
    body = b'[2,"p",1,0,0,[["!seen",0,1]],{"country":["!seen",{"!seen":1}]}]'
    assert decode(body).events == [event("!seen", 0)]


def test_the_name_of_a_table_does_nothing_to_a_terminal() -> None:
    with pytest.raises(UnknownFormat) as caught:
        decode(b'[2,"p",1,0,0,[],{"!\\u001b[2J' + b"x" * 9_000 + b'":1}]')
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_every_name_has_one_meaning() -> None:
    names = {"agent", "source", "!guard", "key", "country", "covered", "!seen", "pt"}
    assert names == KNOWN | set(RESERVED)
    assert not KNOWN & set(RESERVED)
    assert {LABEL, FULL, CLASS} == KEPT
    assert MAX_TEXTS == MAX_EVENTS
