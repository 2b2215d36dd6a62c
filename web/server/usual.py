"""Heads of usual requests: whole ones of hot routes, in the plainest form there is.

Clients that keep a connection send the same head again and again. It is read and judged once, by
the parser that reads all others, and known by its bytes from then on.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import httptools

from web.server.framing import Unframed, body_length
from web.server.heads import END
from web.short_way import ShortWay, Usual

MOST_BODY_BYTES = 65_536
# What they take together is a few megabytes at the most.
_MOST_HEADS = 512
_MOST_HEAD_BYTES = 2_048
# What asks for more than an answer, or changes what the bytes behind the head are.
_ODD = frozenset(
    (
        b"content-encoding",
        b"expect",
        b"http2-settings",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


class Known(NamedTuple):
    """How many bytes of body follow, and who answers."""

    length: int
    usual: Usual


class Heads:
    """Those that came before, as long as others do not push them out."""

    def __init__(self, way: ShortWay | None = None) -> None:
        self._way = way
        asked = way.asked if way else ()
        self.lines = tuple(f"{method} {path} HTTP/1.1\r\n".encode() for method, path in asked)
        """How they begin."""
        self._known: OrderedDict[bytes, Known | None] = OrderedDict()

    def known(self, data: bytes) -> tuple[Known, bytes] | None:
        """What is asked by `data`, where that is one usual request and nothing else, and its body.

        `data` begins with one of the `lines`.
        """
        end = data.find(END) + len(END)
        head = data[:end]
        try:
            found = self._known[head]
        except KeyError:
            found = self._judged(head)
        if found is None or len(data) - end != found.length:
            return None
        return found, data[end:]

    def _judged(self, head: bytes) -> Known | None:
        if len(head) > _MOST_HEAD_BYTES or not head.endswith(END):
            return None
        found = self._known[head] = self._read(head)
        if len(self._known) > _MOST_HEADS:
            self._known.popitem(last=False)
        return found

    def _read(self, head: bytes) -> Known | None:
        headers = _headers(head)
        if self._way is None or headers is None or any(map(_is_odd, headers)):
            return None
        try:
            length = body_length(headers, "1.1")
        except Unframed:
            return None
        method, path, _ = head.split(b" ", 2)
        usual = self._way.usual(_scope(method.decode(), path.decode(), headers))
        return Known(length, usual) if usual and 0 < length <= MOST_BODY_BYTES else None


class _Reader:
    """What the parser tells of one head."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.complete = True


def _headers(head: bytes) -> list[tuple[bytes, bytes]] | None:
    """None: it is no head of a connection that is kept."""
    reader = _Reader()
    parser = httptools.HttpRequestParser(reader)
    try:
        parser.feed_data(head)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    return reader.headers if reader.complete and parser.should_keep_alive() else None


def _is_odd(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    return name in _ODD or (name == b"connection" and value.lower() != b"keep-alive")


def _scope(method: str, path: str, headers: Sequence[tuple[bytes, bytes]]) -> Any:
    """What the application is told of it, but for the client."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
