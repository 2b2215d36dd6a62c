"""What may stand in a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shown import printable, without_password


@given(st.text())
def test_nothing_that_is_shown_is_obeyed(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(0x00 <= ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)


def test_colours_directions_and_line_feeds_are_replaced_and_letters_kept() -> None:
    assert printable("é /\x1b[31m\u202e\n漢") == "é /\ufffd[31m\ufffd\ufffd漢"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://u:secret@h:1/x", "http://u:***@h:1/x"),
        ("https://u:se:cr@et@h", "https://u:***@h"),
        ("https://:secret@h", "https://:***@h"),
        ("http://u@h/a:b@c", "http://u@h/a:b@c"),
        ("http://h/a?b=http://u:secret@h", "http://h/a?b=http://u:***@h"),
    ],
)
def test_a_password_is_left_out_of_an_address(url: str, shown: str) -> None:
    assert without_password(url) == shown
