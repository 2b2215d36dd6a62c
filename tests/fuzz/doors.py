"""What doors of views are asked with, almost as clients ask, and what must come of any of it."""

from collections.abc import Callable
from urllib.parse import urlsplit

from domain.agents.labels import label_of
from domain.pages import page_fault
from domain.sources import usable
from domain.wire import decode
from ingest.doors.spelling import ended, spelled
from tests.fuzz.grammar import Choices, nested
from tests.fuzz.service import Found, service

SITES = ("shop.example", "app.example")
_GIF = b"GIF89a"

# fmt: off
_HOSTS = (
    b"shop.example", b"www.shop.example", b"Shop.Example:8080", b"jo:x@shop.example",
    b"ghost.example", b"xn--mnchen-3ya.example", b"xn--", b"", b"[::1]", b"[", b"a b",
    b"\xc3\xa9.example", b"\\ud800", b"shop.example\\\\", b"shop.example.", b"x" * 300,
)
_SCHEMES = (
    b"https://", b"", b"app://", b"about:", b"data:", b"javascript://", b"file:///", b"HTTP://",
    b"//", b"https:/", b"://",
)
_PARTS = (
    b"/a", b"/", b"%C3%A9", b"%c3", b"%2F", b"%25", b"%", b"%4", b"41", b"%00", b"%ff", b" ",
    b"%20", b"\xc3\xa9", b"\\ud83d\\ude00", b"\\u0000", b"?", b"#", b"?utm_source=m",
    b"&ref=%F0%9F%98%80", b"&q=a+b", b"#/b?c", b"a" * 2_040, b"%E2%80%A8", b"%ED%A0%80",
)
_LISTS = (
    b"shop.example", b"shop.example,app.example", b"ghost.example", b" www.shop.example ", b"",
    b",", b"https://shop.example/", b"not one!", b"\\ud800", b"a.example," * 60,
)
_ODD = (b"null", b"7", b"1.5", b"true", b"[]", b"{}", b'"x"', b'""', b'"{\\"a\\":1}"', b"NaN")
_MEMBERS = {
    b"n": (b'"pageview"', b'"engagement"', b'""'), b"name": (b'"pageview"', b'"x"'),
    b"h": (b"1", b"0"), b"hash": (b"true", b"1"), b"hashMode": (b"1",),
    b"type": (b'"event"', b'"identify"'),
    b"website": (b'"1c9b"', b'"app.example"'), b"event": (b"true", b"false"),
    b"e": (b"true",),
    b"created_at": (b'"2025-07-16T09:00:00Z"', b'"2035-01-01T00:00:00Z"', b'"0001-01-01"', b'"x"'),
    b"user_agent": (b'"curl/8"', b'"\\ud800"'), b"query": (b'"?ref=a"',),
    b"$": (b'{"amount":"x"}',),
}
_ADDRESSES = (b"u", b"url", b"path", b"p", b"page", b"r", b"referrer", b"ref")
_NAMES = (b"d", b"domain", b"site", b"hostname")
# fmt: on
_ALL = (*_ADDRESSES, *_NAMES, *_MEMBERS, b"props", b"", b"u\\u0072l")


def address(choices: Choices) -> bytes:
    """The address of a page, or nearly one."""
    found = choices.of(_SCHEMES, 3) + choices.of(_HOSTS, 3)
    while choices.more():
        found += _PARTS[choices.byte() % len(_PARTS)]
    return found


def told(choices: Choices) -> bytes:
    """An object that tells of a view in the words of all doors, or nearly."""
    found = [b'"n":"pageview"']
    found += [b'"' + name + b'":"' + address(choices) + b'"' for name in (b"u", b"url", b"path")]
    found += [b'"' + name + b'":"shop.example"' for name in _NAMES]
    while choices.more():
        name = _ALL[choices.byte() % len(_ALL)]
        found.append(b'"' + name + b'":' + _value(choices, name))
    return b"{" + b",".join(found) + b"}"


def payload(choices: Choices) -> bytes:
    """The same with a type."""
    return b'{"type":"event","payload":' + told(choices) + b"}"


def payloads(choices: Choices) -> bytes:
    """A list of these."""
    return b"[" + payload(choices) + b"," + _seldom_else(choices, payload) + b"]"


def hits(choices: Choices) -> bytes:
    """A list in an object."""
    return b'{"hits":[' + told(choices) + b"," + _seldom_else(choices, told) + b"]}"


def _seldom_else(choices: Choices, shape: Callable[[Choices], bytes]) -> bytes:
    return nested(choices) if choices.rarely() else shape(choices)


def query(choices: Choices) -> bytes:
    """Of a request for a picture."""
    found = []
    while choices.more():
        name = choices.of((b"page", b"p", b"q", b"r", b"e", b"t"), 4)
        found.append(name + b"=" + address(choices).replace(b"&", b"%26").replace(b"#", b"%23"))
    return b"&".join(found)


def _value(choices: Choices, name: bytes) -> bytes:
    if choices.rarely():
        return choices.of(_ODD, len(_ODD))
    if name in _MEMBERS:
        return choices.of(_MEMBERS[name], 1)
    return b'"' + (choices.of(_LISTS, 2) if name in _NAMES else address(choices)) + b'"'


def knock(method: str, path: str, sent: bytes = b"", asked: bytes = b"") -> int:
    """How many views came of it: each of a declared site, under a name that stays what it is."""
    log = service().log
    log.entries.clear()
    found = service().ask(method, path, sent, asked, {b"user-agent": b"curl/8.5.0"})
    _check(found)
    batches = [decode(entry) for lane in log.entries.values() for entry in lane]
    for batch in batches:
        assert batch.sources is not None
        assert all(source is not None and usable(source) for source in batch.sources.by_event())
        assert batch.agents is None or all(label_of(text) == text for text in batch.agents.texts)
    views = [event for batch in batches for event in batch.events]
    for view in views:
        site, slash, rest = view.page.partition("/")
        assert slash
        assert site in SITES
        assert page_fault(view.page) is None
        assert "?" not in rest
        path, sharp, fragment = rest.partition("#")
        assert ended(spelled(path) + sharp + spelled(fragment)) == rest
        # What a browser makes of the name as an address is the same page.
        assert urlsplit(f"https://{view.page}").path == f"/{path}"
    return len(views)


def _check(found: Found) -> None:
    assert found.status in (200, 202, 400, 403, 413), found
    if found.status >= 400:
        assert found.content["errors"]
