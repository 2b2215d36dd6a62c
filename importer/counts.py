"""Lines of `timestamp,page,count`, separated by commas, tabs, semicolons or bars, to views."""

import csv
import re
from collections.abc import Callable

from domain.events import MAX_COUNT
from domain.hours import parse_instant
from domain.spreadsheets import HOURLY, as_it_was
from importer.page_names import text_of
from importer.views import (
    HOUR_SECONDS,
    MAX_AHEAD_SECONDS,
    MAX_LINE_BYTES,
    Skip,
    View,
    page_fault,
)

_BOM = b"\xef\xbb\xbf"
# Thousands apart by a comma, a blank of any width or an apostrophe. A full stop could be either.
_THOUSANDS = r"[0-9]{1,3}([, \u00a0\u2009\u202f'\u2019])[0-9]{3}(?:\2[0-9]{3}){0,2}"
_COUNT = re.compile(rf"([0-9]{{1,10}}|{_THOUSANDS})(?:\.0{{1,9}})?")
_NO_DIGIT = re.compile(r"[^0-9]")
_NAMES = re.compile(r"[A-Za-z_ ]+")
_EPOCH = re.compile(r"([0-9]{9,10}|[0-9]{12,13})(?:\.[0-9]{1,9})?")
# Of tables as psql, MySQL and Markdown draw them.
_RULE = re.compile(rb"[-+|: ]*--[-+|: ]*")
_BORDERS = re.compile(rb"\A\s*+\|(.*)\|\s*\Z")
_ZONE = re.compile(r" ?(?:UTC|GMT)$")

COLUMNS = (
    frozenset({"timestamp", "time", "hour", "date", "datetime"}),
    frozenset({"page", "url", "path"}),
    frozenset({"count", "views", "pageviews", "hits"}),
)
"""What a header may call the moment, the page and the views."""


class Counts:
    """Parses the lines of one file: its first line decides on the separator and the header."""

    name = "counts"

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._latest = 0.0
        self._separator = ""
        self._header: list[str] | None = None
        self._order = (0, 1, 2)
        self._width = 3
        self._has_read = False
        self._exported = False

    def parse(self, line: bytes) -> View | Skip:
        """The views in a line without its line feed, or why there are none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        line = line.rstrip(b"\r\n").removeprefix(_BOM)
        if not line.strip():
            return Skip.EMPTY
        if _RULE.fullmatch(line):
            return Skip.HEADER
        line = _BORDERS.sub(rb"\1", line)
        if self._separator:
            fields = _fields(text_of(line), self._separator)
        else:
            fields = self._begin(text_of(line))
        if fields == self._header:
            return Skip.HEADER
        if len(fields) != self._width and not self._has_read:
            fields = self._begin_again(text_of(line))
        if len(fields) != self._width:
            return Skip.MALFORMED_LINE
        self._has_read = True
        return self._read(*(fields[column] for column in self._order))

    def _begin_again(self, text: str) -> list[str]:
        """A stray line that came first may have had another separator."""
        separator = _separator(text)
        fields = _fields(text, separator)
        if len(fields) == self._width:
            self._separator = separator
        return fields

    def _begin(self, text: str) -> list[str]:
        self._separator = _separator(text)
        fields = _fields(text, self._separator)
        if not all(map(_NAMES.fullmatch, fields)):
            return fields
        if order := _order(fields):
            self._order, self._width = order, len(fields)
        if order or len(fields) == 3:
            self._header = fields
            self._exported = tuple(fields) == HOURLY
        return fields

    def _read(self, timestamp: str, page: str, number: str) -> View | Skip:
        seconds = _seconds(timestamp.strip())
        if seconds is None:
            return Skip.TIMESTAMP
        count = _number(number)
        if count == 0:
            return Skip.NOTHING
        if count is None or count > MAX_COUNT:
            return Skip.COUNT
        if self._exported:
            page = as_it_was(page)
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
    return isinstance(found, View) or found is Skip.NOTHING or _is_header(line, found)


def _is_header(line: bytes, found: View | Skip) -> bool:
    # Three words are the beginning of many a log: one of them has to be a column's name.
    text = text_of(_BORDERS.sub(rb"\1", line.rstrip(b"\r\n").removeprefix(_BOM)))
    names = set().union(*COLUMNS)
    fields = _fields(text, _separator(text))
    return found is Skip.HEADER and any(name.strip().lower() in names for name in fields)


def _separator(text: str) -> str:
    """Tabs where there are any, else the first that makes three fields, else a comma."""
    if "\t" in text:
        return "\t"
    return next((one for one in ",;|" if len(_fields(text, one)) >= 3), ",")


def _order(header: list[str]) -> tuple[int, int, int] | None:
    """Where moment, page and views stand; None unless each is named exactly once."""
    names = [name.strip().lower() for name in header]
    found = [[at for at, name in enumerate(names) if name in column] for column in COLUMNS]
    if any(len(places) != 1 for places in found):
        return None
    moment, page, views = (places[0] for places in found)
    return moment, page, views


def _number(text: str) -> int | None:
    """A whole number as databases and spreadsheets write it. None if it is none."""
    found = _COUNT.fullmatch(text.strip())
    return int(_NO_DIGIT.sub("", found[1])) if found else None


def _fields(text: str, separator: str) -> list[str]:
    """The fields of a line, none where its quotes are not closed."""
    if '"' not in text:
        fields = text.split(separator)
        if separator == "\t":
            # COPY's text format writes a backslash twice, and nothing as one with an N.
            return ["" if one == r"\N" else one.replace("\\\\", "\\") for one in fields]
        # psql's tables have blanks around their bars.
        return [one.strip() for one in fields] if separator == "|" else fields
    blanks = f'{separator} "' in text
    try:
        lines = csv.reader([text], delimiter=separator, strict=True, skipinitialspace=blanks)
        return next(lines, [])
    except csv.Error:
        return []


def _seconds(text: str) -> int | None:
    """Seconds since 1970 of a moment as the service reads it, or as seconds or ms. None if none."""
    if epoch := _EPOCH.fullmatch(text):
        whole = int(epoch[1])
        return whole if len(epoch[1]) <= 10 else whole // 1_000
    try:
        return parse_instant(_ZONE.sub("", text)) // 1_000
    except ValueError:
        return None
