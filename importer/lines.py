"""Lines out of bytes: what cut them apart, and which characters they are."""

import codecs
import re
from collections.abc import Iterator

from domain.spreadsheets import HOURLY
from importer.encodings import in_utf8
from importer.views import MAX_LINE_BYTES

_MARK = codecs.BOM_UTF8
# Where a log was cut under its writer, or a machine lost its power, the file has a hole. A mark
# stands where another file was put behind one that had no last line feed.
_GAP = re.compile(rb"\0{16,}|" + _MARK)
# What Footfall exported has no other file behind it: a mark is part of a page there.
_EXPORTED = ",".join(HOURLY).encode()


class Lines:
    """Lines without their line feeds, in UTF-8 and in bounded memory, from chunks in any encoding.

    UTF-16 is known by its mark or its zeros. Marks are left out wherever they stand (but in an
    export of Footfall's own), and so are holes: `nuls` counts the bytes of these. Of a line over
    `MAX_LINE_BYTES` only so much is kept that it can be told.
    """

    def __init__(self) -> None:
        self.nuls = 0

    def of(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The lines, the last one whether it has a line feed or not."""
        rest, torn = b"", True
        first = True
        for chunk in in_utf8(chunks):
            data = rest + chunk
            *lines, rest = data.split(b"\n")
            if first and lines:
                first, torn = False, lines[0].rstrip(b"\r") != _EXPORTED
            if b"\0" in data or (torn and _MARK in data):
                *before, rest = self._pieces(rest)
                lines = [piece for line in lines for piece in self._whole(line)] + before
            yield from lines
            rest = rest[: MAX_LINE_BYTES + 1]
        if rest:
            yield rest

    def _whole(self, line: bytes) -> list[bytes]:
        return [piece for piece in self._pieces(line) if piece] or [b""]

    def _pieces(self, line: bytes) -> list[bytes]:
        pieces = [piece.lstrip(b"\0") for piece in _GAP.split(line)]
        if len(pieces) > 1 or line[:1] == b"\0":
            marks = len(_MARK) * line.count(_MARK)
            self.nuls += len(line) - sum(map(len, pieces)) - marks
        return [*filter(None, pieces[:-1]), pieces[-1]]
