"""Addresses of pages as browsers and their scripts tell them."""

import re
from typing import NamedTuple

from domain.pages import PageFault, fault_of
from ingest.doors.spelling import text_of

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?#\\]*)(?=[/?#]|\Z)|(?=/))"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"(?:[^@]*@)*(\[[0-9a-f:.]+\]|[\w-]+(?:\.[\w-]+)*)\.?(?::\d*)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BLANKS = " \t\r\n\f"
# Whoever is there looks at no page of a site.
_NOWHERE = frozenset({"about", "blob", "data", "file", "javascript", "view-source"})
_WEB = frozenset({"http", "https"})
_MOST_CHARACTERS = 253
_PUNYCODE = "xn--"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


class Address(NamedTuple):
    """Of a page. `host` is empty where it says nothing of a site; `path` begins with a slash."""

    host: str
    path: str
    query: str = ""
    fragment: str = ""


def address_of(text: str) -> Address | None:
    """What `text` leads to: an address with its scheme, or a path alone; None: to no page."""
    found = _ADDRESS.fullmatch(text.strip(_BLANKS))
    if found is None or fault_of(found[0]) is PageFault.CONTROL:
        return None
    scheme = (found["scheme"] or "").lower()
    if scheme in _NOWHERE:
        return None
    host = host_of(found["host"] or "") if scheme in _WEB else ""
    return Address(host, found["path"] or "/", found["query"] or "", found["fragment"] or "")


def named_address(text: str) -> Address | None:
    """The same of what may leave out the scheme, as pages do that are counted."""
    text = text.strip(_BLANKS)
    bare = not text.startswith("/") and not _SCHEME.match(text)
    found = address_of(f"https://{text}" if bare else text)
    return None if found is None or (bare and not found.host) else found


def host_of(text: str) -> str:
    """The host in what stands before a path, small, without login and port; empty: there is none.

    Of its two spellings the one that people read.
    """
    found = _HOST.fullmatch(text.strip(_BLANKS))
    if found is None or len(found[1]) > _MOST_CHARACTERS:
        return ""
    name = found[1].lower()
    return _readable(name) if _PUNYCODE in name else name


def spellings(host: str) -> tuple[str, ...]:
    """`host` as people read it, and as the DNS has it where that is another."""
    if host.isascii():
        return (host,)
    try:
        return (host, host.encode("idna").decode())
    except UnicodeError:
        return (host,)


def parameters(query: bytes) -> dict[str, str]:
    """The first value of each name; a plus is one, as addresses in a query are mostly written."""
    found: dict[str, str] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        found.setdefault(_plain(name), _plain(value))
    return found


def _plain(written: bytes) -> str:
    return text_of(_ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), written))


def _readable(name: str) -> str:
    try:
        return name.encode().decode("idna")
    except UnicodeError:
        return name
