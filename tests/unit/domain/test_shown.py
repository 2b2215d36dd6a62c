"""What may stand in a message."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shown import (
    address,
    escaped,
    escaped_json,
    printable,
    printable_lines,
    without_password,
)

TURNED = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cs", "Zl", "Zp"]),
        st.sampled_from(sorted(TURNED)),
    )
)


def obeyed(text: str, but: str = "") -> list[str]:
    """What a terminal would obey, by the Unicode database."""
    return [
        c
        for c in text
        if c not in but and (c in TURNED or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp"))
    ]


@given(ANY_TEXT)
def test_nothing_that_is_shown_is_obeyed(text: str) -> None:
    assert not obeyed(printable(text))
    assert not obeyed(escaped(text))
    assert not obeyed(printable_lines(text), but="\n\t")
    assert len(printable(text)) == len(printable_lines(text)) == len(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M"])))
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == printable_lines(text) == escaped(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\t", "a\\nb\\t"),
        ("\u202egp.exe", "\\u202egp.exe"),
        ("\x9b", "\\x9b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_escapes_say_what_stood_there(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_colours_directions_and_line_feeds_are_replaced_and_letters_kept() -> None:
    assert printable("é /\x1b[31m\u202e\n漢") == "é /\ufffd[31m\ufffd\ufffd漢"


def test_joined_signs_stay_joined() -> None:
    assert printable("👩\u200d🚀 می\u200cخواهم") == "👩\u200d🚀 می\u200cخواهم"


@given(st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_json_says_the_same_without_what_is_obeyed(document: dict[str, str]) -> None:
    text = escaped_json(json.dumps(document, ensure_ascii=False, indent=1))
    assert not obeyed(text, but="\n\t")
    assert json.loads(text) == document


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://u:secret@h:1/x", "http://u:***@h:1/x"),
        ("https://u:se:cr@et@h", "https://u:***@h"),
        ("https://:secret@h", "https://:***@h"),
        ("http://u@h/a:b@c", "http://u@h/a:b@c"),
        ("http://h/a?b=http://u:secret@h", "http://h/a?b=http://u:***@h"),
        ("http://u:sec/r?et@h/x", "http://u:***@h/x"),
        ("http://h:80/@x", "http://h:80/@x"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("amqp://u:secret@a,amqps://v:secret@b/x", "amqp://u:***@a,amqps://v:***@b/x"),
        ("postgresql://h/d?user=u&password=secret", "postgresql://h/d?user=u&password=***"),
        ("postgresql://h/d?sslpassword=secret&a=b", "postgresql://h/d?sslpassword=***&a=b"),
    ],
)
def test_a_password_is_left_out_of_an_address(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("host", "port", "shown"),
    [("127.0.0.1", 1, "127.0.0.1:1"), ("::1", 80, "[::1]:80"), ("db", "x", "db:x")],
)
def test_an_address_of_ipv6_has_brackets(host: str, port: object, shown: str) -> None:
    assert address(host, port) == shown
