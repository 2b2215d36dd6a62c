import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Undecodable, UnknownFormat
from domain.events import MAX_AT_MS, MAX_COUNT, MIN_AT_MS, Batch, PageViewed
from domain.wire import DECODERS, FORMAT, decode, encode, recorded_ms
from tests.factories import batch, event

PAGES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300)
EVENTS = st.builds(PageViewed, PAGES, st.integers(MIN_AT_MS, MAX_AT_MS), st.integers(1, MAX_COUNT))
BATCHES = st.builds(
    Batch,
    st.just(FORMAT),
    st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    st.integers(1, 2**62),
    st.integers(MIN_AT_MS, MAX_AT_MS),
    st.integers(0, 32_767),
    st.lists(EVENTS, max_size=20),
)


@given(BATCHES)
def test_a_batch_survives_the_round_trip(sent: Batch) -> None:
    assert decode(encode(sent)) == sent


def test_a_batch_is_read_in_any_spelling_of_the_same_json() -> None:
    assert decode(b'[ 1,"p1",3,9,4,[ ["a/b",5,7] ]]\n') == decode(b'[1,"p1",3,9,4,[["a/b",5,7]]]')


def test_a_third_format_is_a_row_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyed(msgspec.Struct, array_like=True):
        format: int
        key: str
        views: list[PageViewed]

    def third(body: bytes) -> Batch:
        found = msgspec.json.decode(body, type=Keyed)
        return batch(*found.views, producer=found.key)

    monkeypatch.setitem(DECODERS, 3, third)
    body = b'[3,"p2",[["a/b",5,7]]]'
    assert decode(body) == batch(event("a/b", 5, 7), producer="p2")
    assert recorded_ms(body) == batch().recorded_ms
    assert decode(encode(batch())) == batch()
    for wrong in (b'[3,"p2",[["a/b",5,0]]]', b'[3,"p2",[["a\\u0000b",5,1]]]', b"[0]"):
        with pytest.raises(Undecodable):
            decode(wrong)
    with pytest.raises(UnknownFormat, match="format version 4, this Footfall reads up to 3"):
        decode(b'[4,"p2"]')


NAMES = ["a", "p1", "!~", "a" * 64, "4f9c-x", "a\n"]
NO_NAMES = ["", "a" * 65, "a b", " a", "caf\xe9", "\x7f", "\x00", "\u0661", "a\nb", "\n"]


@pytest.mark.parametrize("rest", ["", ",{}"], ids=["format 1", "format 2"])
def test_a_producer_is_named_in_printable_ascii(rest: str) -> None:
    def body(name: str) -> bytes:
        return f'[{1 + bool(rest)},{json.dumps(name)},3,9,4,[["a/b",5,7]]{rest}]'.encode()

    assert [decode(body(name)).producer for name in NAMES] == NAMES
    for name in NO_NAMES:
        with pytest.raises(Undecodable):
            decode(body(name))
        if rest:
            with pytest.raises(Undecodable):
                decode(body(name).replace(b"{}", b'{"!unknown":{}}'))


def test_when_a_batch_was_recorded_is_read_from_its_bytes() -> None:
    assert recorded_ms(encode(batch(at_ms=9))) == 9
    with pytest.raises(Undecodable):
        recorded_ms(b"[]")
    with pytest.raises(UnknownFormat):
        recorded_ms(b'[99,"p"]')


def test_the_format_is_an_array_that_people_can_read() -> None:
    assert encode(batch(event("a/b", 5, 7), sequence=3, shard=4, at_ms=9)) == (
        b'[1,"p1",3,9,4,[["a/b",5,7]]]'
    )


@given(st.binary(max_size=200))
def test_bytes_that_are_no_batch_are_undecodable(body: bytes) -> None:
    with pytest.raises((Undecodable, UnknownFormat)):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"page":"x"}',
        b'[0,"p",1,1,0,[]]',
        b'[1,"",1,1,0,[]]',
        b'[1,"p",0,1,0,[]]',
        b'[1,"p",1,1,0,[["",1,1]]]',
        b'[1,"p",1,1,0,[["a",1,0]]]',
        b'[1,"p",1,1,0,[["a",1,1000000001]]]',
        b'[1,"p",1,1,0,[["a",999999999999999999,1]]]',
        b'[1,"p",1,1,0,[["a\\u0000b",1,1]]]',
        b'[1,"p",1,1,0,[["\\ud800",1,1]]]',
        b'[1,"p",1,1,0,[["\xff",1,1]]]',
        b'[1,"p",1,1,0,[["' + "я".encode() * 1_025 + b'",1,1]]]',
        b"[" * 100_000,
        b'[1,"p",1,1,0,[],' + b"[" * 100_000,
        # No whole numbers, or none that is plausible.
        b'[1,"p",1,1,0,[["a",1,1e3]]]',
        b'[1,"p",1,1,0,[["a",1,1.0]]]',
        b'[1,"p",1,1,0,[["a",1,NaN]]]',
        b'[1,"p",1,1,0,[["a",1,true]]]',
        b'[1,"p",1,1,0,[["a",1,' + b"9" * 5_000 + b"]]]",
        b'[1,"p",1,1,0,[["a",1,-1]]]',
        b'[1,"p",1,1,-1,[]]',
        b'[1,"p",1,1,32768,[]]',
        b'[1,"p",9223372036854775807,1,0,[]]',
        b'[1,"p",-1,1,0,[]]',
        b'[1,"p",1,9223372036854775807,0,[]]',
        # The year 292277026596.
        b'[1,"p",1,9223372036854775807000,0,[["a",9223372036854775807000,1]]]',
        b'[1,"p",1,1,0,[["a",-62135596800001,1]]]',
        b'[1,"p",1,1,0,[["a",253402300800000,1]]]',
        b'[1,"' + b"p" * 65 + b'",1,1,0,[]]',
        b'[1,"p",1,1,0,[["' + b"x" * 2_049 + b'",1,1]]]',
        b'[1,"p",1,1,0,[["\xed\xa0\x80",1,1]]]',
        b'[1,"p",1,1,0,[["\\ud83d",1,1]]]',
        b'[1,"p",1,1,0,{"a":1,"a":2}]',
        b'[1.0,"p",1,1,0,[]]',
    ],
)
def test_a_batch_that_rows_could_not_hold_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


@pytest.mark.parametrize(
    "body", [b'[3,"p",1,1,0,[]]', b'[ 3, "p"]', b'[7,"",{"anything":"else"}]', b'[99,"p",[]]']
)
def test_a_newer_format_stops_instead_of_being_set_aside(body: bytes) -> None:
    with pytest.raises(UnknownFormat, match="upgrade the projectors"):
        decode(body)


@pytest.mark.parametrize("version", [3, 7, 99])
@pytest.mark.parametrize("rest", ["", ",8", ",8,9", ",null", ',{"any":"thing"}', ',["p"]', ",true"])
def test_an_array_without_a_producer_is_no_batch_of_a_version_to_come(
    version: int, rest: str
) -> None:
    with pytest.raises(Undecodable, match=f"begins with {version}, but no producer follows"):
        decode(f"[{version}{rest}]".encode())


@pytest.mark.parametrize("first", ["100", "404", "2025", "1752660000123", "9" * 30, "-1", "1e2"])
def test_what_begins_with_no_plausible_version_is_undecodable(first: str) -> None:
    for body in (f"[{first}]", f'[ {first},"p",1,1,0,[]]'):
        with pytest.raises(Undecodable):
            decode(body.encode())


# Appended by 0.1.0 and 0.2.0; every line of it is what an ingest process may have written.
RELEASED = [
    (b'[1,"6f1c0d7e4e0b4b0c8f2a6a1b2c3d4e5f",1,1752660000123,0,[["a",1752659999000,1]]]', 1),
    (b'[1,"p",4611686018427387904,0,32767,[["a",-62135596800000,1000000000]]]', 10**9),
    (b'[1,"p",1,253402300799999,1023,[["a",253402300799999,1]]]', 1),
    (b'[1,"p",1,1752660000123,0,[["' + b"x" * 2_048 + b'",0,1],["\xf0\x9f\x99\x82",0,2]]]', 3),
    (b'[1,"p",1,1752660000123,0,[["a\\"b\\\\c",0,1],["\\u0436",0,1]]]', 2),
    (b'[1,"p",1,1752660000123,0,[' + b",".join([b'["a",0,1000000000]'] * 500) + b"]]", 5 * 10**11),
]


@pytest.mark.parametrize(("body", "views"), RELEASED)
def test_what_was_ever_accepted_is_read_for_ever(body: bytes, views: int) -> None:
    assert sum(event.count for event in decode(body).events) == views


def test_msgspec_reads_what_it_wrote_as_plain_json() -> None:
    assert msgspec.json.decode(encode(batch()))[0] == FORMAT
