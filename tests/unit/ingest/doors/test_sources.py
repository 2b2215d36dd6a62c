"""Where a viewer came from."""

import pytest

from ingest.doors.addresses import Address
from ingest.doors.sources import MOST_BYTES, source_of


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("utm_source=letter&source=b&ref=c", "letter"),
        ("ref=c&source=b", "b"),
        ("ref=c", "c"),
        ("utm_source=&ref=c", "c"),
        ("utm_source=%20&ref=+c+", "c"),
        ("utm_source=a%00b&ref=c", "c"),
        ("utm_source=caf%C3%A9", "café"),
        ("utm_source=%FF", "\ufffd"),
        ("utm_source=first&utm_source=second", "first"),
        ("utm_medium=a", ""),
        ("", ""),
        ("&".join(["a=1"] * 1_000) + "&ref=c", ""),
    ],
)
def test_an_address_may_name_it(query: str, source: str) -> None:
    assert source_of(Address("shop.example", "/", query), "", "shop.example") == source


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("https://www.search.example/find?q=private", "search.example"),
        ("https://News.Example:8443/a", "news.example"),
        ("https://jo:secret@news.example/", "news.example"),
        ("android-app://com.mail.example", "com.mail.example"),
        ("https://blog.shop.example/", "blog.shop.example"),
        ("https://xn--mnchen-3ya.example/", "münchen.example"),
        *(
            (nobody, "")
            for nobody in (
                "",
                "https://shop.example/a",
                "https://www.shop.example/",
                "https://m.shop.example/",
                "http://localhost:3000/",
                "http://app.localhost/",
                "http://127.0.0.1/",
                "http://[::1]:1/",
                "https:://broken",
                "https://[",
                "about:blank",
                "ftp://files.example/",
                "search.example",
                "https://a b/",
                "https://\ud800/",
                "\x00",
                "/a",
            )
        ),
    ],
)
def test_a_referrer_names_another_site(referrer: str, source: str) -> None:
    assert source_of(Address("m.shop.example", "/"), referrer, "shop.example") == source


def test_what_an_address_names_comes_before_the_referrer() -> None:
    address = Address("shop.example", "/", "ref=friend")
    assert source_of(address, "https://search.example/", "shop.example") == "friend"


def test_a_source_is_cut_between_letters() -> None:
    found = source_of(Address("", "/", "ref=" + "é" * 200), "", "shop.example")
    assert found == "é" * (MOST_BYTES // 2)
