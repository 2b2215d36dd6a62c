"""Bytes in whatever encoding to UTF-8, also where files in several were put behind each other."""

import codecs
import re
from collections.abc import Iterator

_LE, _BE = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
_NAMES = {codecs.BOM_UTF8: "utf-8", _LE: "utf-16-le", _BE: "utf-16-be"}
_LINE_FEEDS = {"utf-8": b"\n", "utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}
# At the beginning of a line: a mark that an ASCII character follows, or without a mark eight ASCII
# characters of two bytes each; in UTF-16 a mark of UTF-8, or so many ASCII characters of one byte
# each: in UTF-16 these would be ideographs of a kind that no eight in a row are likely to be.
_TO_LE = rb"(?P<le>\xff\xfe(?=[\x01-\x7f]\0)|(?=(?:[\x01-\x7f]\0){8}))"
_TO_BE = rb"(?P<be>\xfe\xff(?=\0[\x01-\x7f])|(?=(?:\0[\x01-\x7f]){8}))"
_TO_UTF_8 = rb"\xef\xbb\xbf|(?=[\x20-\x7e]{16})"
_NAMED = {"le": "utf-16-le", "be": "utf-16-be", None: "utf-8"}
_CHANGES = {
    "utf-8": re.compile(rb"(?<=\n)(?:" + _TO_LE + rb"|" + _TO_BE + rb")"),
    "utf-16-le": re.compile(rb"(?<=\n\0)(?:" + _TO_UTF_8 + rb"|" + _TO_BE + rb")"),
    "utf-16-be": re.compile(rb"(?<=\0\n)(?:" + _TO_UTF_8 + rb"|" + _TO_LE + rb")"),
}
# Of the beginning of a line, so that a change is seen whole.
_NEEDED_BYTES = 16


def in_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text; UTF-8 that is none stays as it is, UTF-16 is known by its mark or its zeros.

    Whole lines are not held back, so that what a pipe has comes out.
    """
    stored, held = _Stored(), b""
    for chunk in chunks:
        data = stored.begun(held + chunk)
        whole = len(data) - _unfinished(data, stored.line_feed)
        held = data[whole:]
        yield stored.read(data[:whole])
    yield stored.read(held) + stored.end()


def _unfinished(data: bytes, line_feed: bytes) -> int:
    """How many bytes follow the last line feed, 0 if enough."""
    behind = data.rfind(line_feed)
    rest = len(data) - (behind + len(line_feed) if behind >= 0 else 0)
    return rest if rest < _NEEDED_BYTES else 0


class _Stored:
    """Text in an encoding that may change where a line begins."""

    def __init__(self) -> None:
        self._begun = False
        self._before = b""
        self._become("utf-8")

    def begun(self, data: bytes) -> bytes:
        """Without the mark that the very first bytes may be."""
        if self._begun or len(data) < len(_LE):
            return data
        self._begun = True
        if data[: len(_LE)] not in _NAMES:
            return data
        self._become(_NAMES[data[: len(_LE)]])
        return data[len(_LE) :]

    def read(self, data: bytes) -> bytes:
        """More of it, in UTF-8."""
        found = b""
        while change := self._next_change(data):
            at = change.start() - len(self._before)
            found += self._decoded(data[:at]) + self.end()
            data = data[at + len(change[0]) :]
            self._become(_NAMED[change.lastgroup])
        self._before = (self._before + data)[-2:]
        return found + self._decoded(data)

    def end(self) -> bytes:
        """What is left of a character that has no end."""
        return b"" if self._decoder is None else self._decoder.decode(b"", final=True).encode()

    def _become(self, encoding: str) -> None:
        self._encoding = encoding
        self.line_feed = _LINE_FEEDS[encoding]
        self._before = self.line_feed
        self._decoder = (
            None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        )

    def _next_change(self, data: bytes) -> re.Match[bytes] | None:
        if self._encoding == "utf-8" and not any(sign in data for sign in (_LE, _BE, b"\0")):
            return None
        return _CHANGES[self._encoding].search(self._before + data, len(self._before))

    def _decoded(self, data: bytes) -> bytes:
        return data if self._decoder is None else self._decoder.decode(data).encode()
