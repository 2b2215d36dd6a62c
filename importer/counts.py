"""Lines of `timestamp,page,count`, comma or tab separated, to views."""

import csv
import re
from collections.abc import Callable

from domain.events import MAX_COUNT
from domain.hours import parse_instant
from importer.views import (
    HOUR_SECONDS,
    MAX_AHEAD_SECONDS,
    MAX_LINE_BYTES,
    Skip,
    View,
    decode,
    page_fault,
)

_BOM = b"\xef\xbb\xbf"
_COUNT = re.compile(r"[0-9]{1,10}")
_NAMES = re.compile(r"[A-Za-z_ ]+")


class Counts:
    """Parses the lines of one file: its first line decides on the separator and the header."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._latest = 0.0
        self._separator = ""
        self._header: list[str] | None = None

    def parse(self, line: bytes) -> View | Skip:
        """The views in a line without its line feed, or why there are none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        line = line.rstrip(b"\r\n")
        if not line.strip():
            return Skip.EMPTY
        if self._separator:
            fields = _fields(decode(line), self._separator)
        else:
            fields = self._begin(decode(line.removeprefix(_BOM)))
        if fields == self._header:
            return Skip.HEADER
        return self._read(fields) if len(fields) == 3 else Skip.MALFORMED_LINE

    def _begin(self, text: str) -> list[str]:
        self._separator = "\t" if "\t" in text else ","
        fields = _fields(text, self._separator)
        if len(fields) == 3 and all(map(_NAMES.fullmatch, fields)):
            self._header = fields
        return fields

    def _read(self, fields: list[str]) -> View | Skip:
        timestamp, page, number = fields
        seconds = _seconds(timestamp.strip())
        if seconds is None:
            return Skip.TIMESTAMP
        count = int(number) if _COUNT.fullmatch(number.strip()) else 0
        if not 1 <= count <= MAX_COUNT:
            return Skip.COUNT
        if fault := page_fault(page):
            return fault
        if seconds > self._latest and self._is_future(seconds):
            return Skip.FUTURE
        return View(page, seconds // HOUR_SECONDS, count)

    def _is_future(self, seconds: int) -> bool:
        self._latest = self._clock() + MAX_AHEAD_SECONDS
        return seconds > self._latest


def is_counts_line(line: bytes) -> bool:
    """Whether a file that starts with this line holds counts."""
    found = Counts(lambda: float("inf")).parse(line)
    return isinstance(found, View) or found is Skip.HEADER


def _fields(text: str, separator: str) -> list[str]:
    """The fields of a line, none where its quotes are not closed."""
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _seconds(text: str) -> int | None:
    """Seconds since 1970 of a moment as the service reads it. None if it is none."""
    try:
        return parse_instant(text) // 1_000
    except ValueError:
        return None
