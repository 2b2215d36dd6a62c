"""What an address says of a page, and that it says nothing where there is none."""

import pytest

from ingest.doors.addresses import (
    Address,
    address_of,
    host_of,
    named_address,
    parameters,
    spellings,
)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://example.com/a?b=1#c", Address("example.com", "/a", "b=1", "c")),
        ("HTTPS://Example.COM", Address("example.com", "/")),
        ("https://example.com?b", Address("example.com", "/", "b")),
        (" http://example.com:81/a \n", Address("example.com", "/a")),
        ("https://jo:secret@p@example.com/a", Address("example.com", "/a")),
        ("https://example.com./a", Address("example.com", "/a")),
        ("https://[::1]:3000/a", Address("[::1]", "/a")),
        ("https://xn--mnchen-3ya.example/", Address("münchen.example", "/")),
        ("app://localhost/login", Address("", "/login")),
        ("https:///a", Address("", "/a")),
        ("/a?b#c", Address("", "/a", "b", "c")),
        ("//a//b", Address("", "//a//b")),
        (
            "https://example.com/https://other.example/",
            Address("example.com", "/https://other.example/"),
        ),
        *(
            (nothing, None)
            for nothing in (
                "",
                "a",
                "?a",
                "#a",
                "about:blank",
                "about://blank",
                "data:text/html,a",
                "blob:https://a/b",
                "javascript:void 0",
                "JavaScript://a/%0Aalert()",
                "file:///home/jo/a.html",
                "example.com/a",
                "https:/example.com/",
                "https://example.com\\a",
                "https://exa\nmple.com/",
                "/a\x00b",
                "/\ud800",
            )
        ),
    ],
)
def test_an_address(url: str, found: Address | None) -> None:
    assert address_of(url) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("example.com/a?b", Address("example.com", "/a", "b")),
        ("example.com", Address("example.com", "/")),
        ("https://example.com/a", Address("example.com", "/a")),
        ("/a", Address("", "/a")),
        ("about:blank", None),
        ("a b/c", None),
        ("?a", None),
        ("", None),
    ],
)
def test_a_page_may_be_named_without_its_scheme(name: str, found: Address | None) -> None:
    assert named_address(name) == found


@pytest.mark.parametrize("text", ["", " ", "a b", "a/b", "a..b", "(none)", "a" * 254, "[::1"])
def test_what_is_no_host(text: str) -> None:
    assert host_of(text) == ("" if text != "-.-." else "-.-")


def test_a_host_has_two_spellings_where_it_is_not_ascii() -> None:
    assert host_of("xn--\x80") == ""
    assert spellings("münchen.example") == ("münchen.example", "xn--mnchen-3ya.example")
    assert spellings("a.example") == ("a.example",)
    assert spellings("é" * 200) == ("é" * 200,)


def test_parameters_of_a_picture() -> None:
    assert parameters(b"page=a%2Fb+c%C3%A9&page=x&q&%70=%FF") == {
        "page": "a/b+cé",
        "q": "",
        "p": "%FF",
    }
