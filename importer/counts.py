"""Lines of `timestamp,page,count`, comma or tab separated, to views."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from importer.views import (
    HOUR_SECONDS,
    MAX_AHEAD_SECONDS,
    MAX_COUNT,
    MAX_LINE_BYTES,
    Skip,
    View,
    decode,
    is_in_calendar,
    page_fault,
)

_BOM = b"\xef\xbb\xbf"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


@lru_cache(maxsize=8_192)
def _seconds(text: str) -> int | None:
    """Seconds since 1970 of an ISO 8601 date and time; naive means UTC. None if it is none."""
    # A bare date, a week date or a basic-format number are ISO 8601 too, but never a moment.
    if not 13 <= len(text) <= 40 or text[4] != "-" or text[10] not in "T_ ":
        return None
    try:
        moment = datetime.fromisoformat(text.replace("_", "T", 1))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds if is_in_calendar(seconds) else None
