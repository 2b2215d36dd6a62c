"""Which address of a page is the same as another, and how it is written."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.doors.spelling import ended, spelled, spelled_in_query, text_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/caf%C3%A9", "/café"),
        ("/caf%c3%a9", "/café"),
        ("/%E6%97%A5%E6%9C%AC", "/日本"),
        ("/%7Ejo%2eb", "/~jo.b"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%3Fb%23c", "/a%3Fb%23c"),
        ("/a%20b", "/a b"),
        ("/a%0Ab%C2%85", "/a%0Ab%C2%85"),
        ("/50%", "/50%"),
        ("/50%25", "/50%"),
        ("/%2541", "/%2541"),
        ("/%25%34%31", "/%2541"),
        ("/%%34%31", "/%2541"),
        ("/%252F", "/%252F"),
        ("/%ff", "/%ff"),
        ("/%FF%C3%A9%c3", "/%FFé%c3"),
        ("/%00", "/%00"),
    ],
)
def test_escapes_are_read_where_that_changes_nothing(written: str, read: str) -> None:
    assert spelled(written) == read
    assert spelled(read) == read


_PIECES = st.sampled_from(
    [
        *("%", "%2", "%25", "%2F", "%41", "%34", "%C3", "%A9", "%c3%a9", "%F0%9F%98%80", "%80"),
        *("%00", "%E2", "a", "4", "1", "F", "é", "/", " ", "%20", "+", "%2B", "&", "%26", "%3f"),
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_what_is_spelled_is_spelled_so_for_ever(text: str) -> None:
    once = ended(spelled(text))
    assert spelled(spelled(text)) == spelled(text)
    assert ended(spelled(once)) == once
    assert spelled_in_query(spelled_in_query(text)) == spelled_in_query(text)


def test_in_a_query_a_plus_is_a_space_and_what_divides_stays_escaped() -> None:
    assert spelled_in_query("a+b%20c%2Bd%26e%3Df") == "a b c%2Bd%26e%3Df"


def test_a_space_at_the_end_is_seen() -> None:
    assert ended(spelled("/a%20%20")) == "/a%20%20"


def test_bytes_that_are_no_text_are_told_as_escapes() -> None:
    assert text_of(b"/\xc3\xa9\xff/") == "/é%FF/"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("%ED%A0%80", "%ED%A0%80"),
        ("%F4%90%80%80a", "%F4%90%80%80a"),
        ("%FF%C3%A9%80%E2%82", "%FFé%80%E2%82"),
    ],
)
def test_what_only_looks_like_utf_8_stays_as_it_is_written(written: str, read: str) -> None:
    assert spelled(written) == read


def test_a_long_run_of_bytes_that_are_no_text_is_gone_through_once() -> None:
    began = process_time()
    assert spelled("%FF" * 200_000) == "%FF" * 200_000
    # For each byte all that follow it took minutes.
    assert process_time() - began < 5
