"""The doors that answer with a picture."""

from tests.fuzz.doors import knock, query
from tests.fuzz.grammar import made, raw

SEEDS = [
    raw(b"page=shop.example/a&p=https://app.example/a"),
    raw(b"page=https%3A%2F%2Fshop.example%2Fcaf%25C3%25A9"),
    raw(b"p=/a&q=%3Futm_source%3Dm&r=https://search.example/"),
    raw(b"page=shop.example/%FF%25%2541+b"),
    raw(b"page=\xc3\xa9&p=\xff"),
]


def one(data: bytes) -> None:
    """At most one view of a page of a declared site."""
    asked = made(data, query)
    for path in ("/pixel.gif", "/count"):
        assert knock("GET", path, asked=asked) <= 1
