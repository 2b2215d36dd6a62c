"""Lines of Common and Combined Log Format to views."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from domain.events import MAX_PAGE_BYTES
from importer.views import (
    HOUR_SECONDS,
    MAX_AHEAD_SECONDS,
    MAX_LINE_BYTES,
    Skip,
    View,
    decode,
    is_in_calendar,
    page_fault,
)

STATIC_EXTENSIONS = frozenset(
    {
        *("css", "js", "mjs", "map", "woff", "woff2", "ttf", "otf", "eot"),
        *("png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "avif", "bmp", "cur"),
        *("mp3", "mp4", "m4a", "m4v", "webm", "ogg", "ogv", "wav"),
    }
)

# Possessive throughout, so that the time stays linear in the length whatever the bytes are.
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LINE = re.compile(
    rb'\S++ \S++ (?:"[^"]*+"|[^"\[\]]+?)'
    rb" \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d):([0-5]\d):([0-5]\d|60) ([+-]\d{4})\] "
    rb'(?:"([A-Z]++) (?! )([^\s"\\]*+(?:\\\S[^\s"\\]*+)*+) HTTP/\d(?:\.\d)?"|' + _QUOTED + rb")"
    rb" (\d{3}) (?:\d++|-)(?: " + _QUOTED + rb" " + _QUOTED + rb"(?: .*)?)?\s*",
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*")
_MONTHS = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


class AccessLog:
    """Parses lines: `host` is put in front of each page, `pages_only` leaves out static assets."""

    def __init__(
        self, clock: Callable[[], float], host: str = "", pages_only: bool = False
    ) -> None:
        self._clock = clock
        self._host = host
        self._pages_only = pages_only
        self._latest = 0.0
        self._page = lru_cache(maxsize=8_192)(self._read_page)

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        match = _LINE.fullmatch(line)
        if match is None:
            return Skip.MALFORMED_LINE if line.strip() else Skip.EMPTY
        hour, minute, second, offset, method, target, status = match.groups()
        start = _seconds(hour, offset)
        if start is None:
            return Skip.MALFORMED_LINE
        if method != b"GET":
            return Skip.NOT_GET if method else Skip.MALFORMED_REQUEST
        if not status.startswith(b"2") and status != b"304":
            return Skip.OTHER_STATUS
        at = start + int(minute) * 60 + int(second)
        return self._view(target.partition(b"?")[0], at)

    def _view(self, path: bytes, at: int) -> View | Skip:
        page = self._page(path) if len(path) <= MAX_PAGE_BYTES else self._read_page(path)
        if isinstance(page, Skip):
            return page
        if at > self._latest and self._is_future(at):
            return Skip.FUTURE
        return View(page, at // HOUR_SECONDS)

    def _is_future(self, at: int) -> bool:
        self._latest = self._clock() + MAX_AHEAD_SECONDS
        return at > self._latest

    def _read_page(self, path: bytes) -> str | Skip:
        if not path:
            return Skip.EMPTY_PAGE
        page = decode(path)
        if self._host:
            page = self._host + _origin_form(page)
        if self._pages_only and is_static(page):
            return Skip.STATIC_ASSET
        return page_fault(page) or page


def is_log_line(line: bytes) -> bool:
    """Whether the whole line is Common or Combined Log Format."""
    return _LINE.fullmatch(line) is not None


def is_static(page: str) -> bool:
    """Whether the page's last segment has the extension of a static asset."""
    _, dot, extension = page.rpartition("/")[2].rpartition(".")
    return bool(dot) and extension.lower() in STATIC_EXTENSIONS


def _origin_form(page: str) -> str:
    absolute = _ABSOLUTE.match(page)
    return (page[absolute.end() :] or "/") if absolute else page


@lru_cache(maxsize=8_192)
def _seconds(hour: bytes, offset: bytes) -> int | None:
    """Seconds since 1970 UTC at the start of the local hour `17/May/2015:10`, None if none."""
    month = _MONTHS.get(hour[3:6])
    ahead = int(offset[1:3]) * HOUR_SECONDS + int(offset[3:]) * 60
    if month is None or int(offset[3:]) > 59 or ahead >= 24 * HOUR_SECONDS:
        return None
    try:
        local = datetime(int(hour[7:11]), month, int(hour[:2]), int(hour[12:]), tzinfo=UTC)
    except ValueError:
        return None
    seconds = int(local.timestamp()) - (ahead if offset[:1] == b"+" else -ahead)
    return seconds if is_in_calendar(seconds) and is_in_calendar(seconds + HOUR_SECONDS) else None
