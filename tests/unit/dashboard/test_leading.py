"""Where signing in may lead: nowhere but to this service."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.leading import HOME, MOST, place_to

HERE = "https://stats.example.com/sign-in"
# What makes an address another one's, in all orders.
_PIECES = st.sampled_from(
    ["/", "\\", "//", "evil.example", "https:", "javascript:", "@", ":", "?", "#", ".", "..", "%2f",
     "%5c", "\t", "\n", "\r", " ", "\0", "\x7f", "\x85", "\u2028", "\uff0f", "\ud800", "a", "é"]
)  # fmt: skip


@pytest.mark.parametrize(
    "place",
    ["/", "/pages?period=30d&site=example.com", "/?page=example.com%2Fa%20b&tz=Europe/Berlin",
     "/operations", "/%2f/evil.example", "/.//evil.example", "/pages#top", "/?to=//evil.example"],
)  # fmt: skip
def test_a_place_of_ours_is_where_it_goes_on(place: str) -> None:
    assert place_to(place) == place


@pytest.mark.parametrize(
    "place",
    ["", "pages", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
     "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
     " //evil.example", "/a b", "/a\\b", "/ä", "/\r\nset-cookie: a=b", "/" + "a" * MOST],
)  # fmt: skip
def test_whatever_else_is_the_beginning(place: str) -> None:
    assert place_to(place) == HOME


@given(st.lists(_PIECES, max_size=8).map("".join) | st.text(max_size=30))
def test_no_text_leads_to_another_service(text: str) -> None:
    found = place_to(text)
    assert found.isascii()
    assert found.isprintable()
    assert urlsplit(urljoin(HERE, found))[:2] == ("https", "stats.example.com")
    # As browsers read it (url.spec.whatwg.org): a backslash is a slash, two of them begin a host.
    assert not found.replace("\\", "/").startswith("//")
    assert found.startswith("/")
