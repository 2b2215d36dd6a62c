"""The names of products that a user agent has: `Name/1.2`, or words that are no version."""

import re
from collections.abc import Iterator
from string import digits
from typing import NamedTuple

# Of a page or of somebody's mail; also where it was cut down to a mark before. Mail is only looked
# for where a word begins: from each letter on would be quadratic in the length of the word.
_ADDRESS = re.compile(
    r"(?<!\S)\+http(?!\S)|(?:https?:/*|www\.)[^\s;,()\"']*"
    r"|(?<![^\s;,()\"'])[^\s;,()\"']+@[^\s;,()\"']+",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"[(\[{]([^()\[\]{}]*)(?:[)\]}]|$)")
_APART = re.compile(r"[;,]")
_VERSIONED = re.compile(r"\s*\+?[A-Za-z][\w.+-]*(?: [A-Za-z][\w.+-]*){0,3}/v?\d\S*")
# A word that is longer, or has more digits, may name a single viewer, and so may one that has many
# (`tells_one_apart`): an address with dashes, a number of a device.
_WORD = re.compile(
    r"(?<![^\s/\"'])\+?"
    r"((?:\d{1,3}(?=[A-Za-z]{3}))?[A-Za-z](?:[A-Za-z._-]|\d(?!\d{3})){0,30}[A-Za-z\d])"
    r"(?=[\s/\"'.:]|$)(/)?"
)
_MOST_DIGITS = 3
_USUAL = frozenset(
    {
        *("mozilla", "applewebkit", "khtml", "gecko", "like", "safari", "chrome", "version"),
        *("mobile", "compatible", "build", "msie", "trident", "windows", "nt", "linux", "android"),
        *("macintosh", "intel", "mac", "os", "x86_64", "x11", "wow64", "win64", "presto"),
        *("firefox", "opera", "and", "or", "the", "for", "via", "in"),
    }
)
"""What says nothing: all browsers say it."""


class Product(NamedTuple):
    """`slash`: a version follows it."""

    name: str
    slash: bool = False


def has_address(text: str) -> bool:
    """Whether it names a page or an address of mail, as robots do so that one can complain."""
    return _ADDRESS.search(text) is not None


def tells_one_apart(name: str) -> bool:
    """Whether it has so many digits that it may be of a single viewer."""
    return sum(map(name.count, digits)) > _MOST_DIGITS


def products(text: str) -> Iterator[Product]:
    """Those named in `text`, in their order, but for what all browsers say.

    Of a comment only what has a version, and what stands behind `compatible`.
    """
    text = _ADDRESS.sub(" ", text)
    at = 0
    for comment in _COMMENT.finditer(text):
        yield from _words(text[at : comment.start()])
        named = False
        for piece in _APART.split(comment[1]):
            versioned = _VERSIONED.match(piece)
            yield from _words(versioned[0] if versioned else piece if named else "")
            named = named or "compatible" in piece
        at = comment.end()
    yield from _words(text[at:])


def _words(text: str) -> Iterator[Product]:
    for name, slash in _WORD.findall(text):
        if name.lower() not in _USUAL and not tells_one_apart(name):
            yield Product(name, bool(slash))
