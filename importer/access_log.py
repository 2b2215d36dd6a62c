"""Lines of Common and Combined Log Format to views."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus

from domain.events import MAX_PAGE_BYTES
from importer import loose_line
from importer.named_host import host_of
from importer.page_names import is_static, origin_form, text_of, unescape
from importer.views import (
    HOUR_SECONDS,
    MAX_AHEAD_SECONDS,
    MAX_LINE_BYTES,
    Skip,
    View,
    is_in_calendar,
    page_fault,
)

# Possessive throughout, so that the time stays linear in the length whatever the bytes are.
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LINE = re.compile(
    rb'\S++ \S++ (?:"[^"]*+"|[^"\[\]]+?)'
    rb" \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d):([0-5]\d):([0-5]\d|60) ([+-]\d{4})\] "
    rb'(?:"([A-Z]++) (?! )([^\s"\\]*+(?:\\\S[^\s"\\]*+)*+) HTTP/\d(?:\.\d)?"|' + _QUOTED + rb")"
    rb" (\d{3}) (?:\d++|-)(?: " + _QUOTED + rb" " + _QUOTED + rb"(?: .*)?)?\s*",
)
_COUNTED = frozenset(b"200 201 202 203 204 205 206 207 208 214 218 226 299 304".split())
# Registered ones, those of proxies and content networks, and 000 where none was sent.
_STATUSES = _COUNTED | {
    *(b"%d" % status for status in HTTPStatus),
    *b"000 419 420 430 440 444 449 450 460 463 464 494 495 496 497 498 499".split(),
    *b"306 509 520 521 522 523 524 525 526 527 529 530 540 561 598 599 783".split(),
}
_MONTHS = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


class AccessLog:
    """Parses lines: `host`, else the virtual host a line names, is put in front of each page.

    `pages_only` leaves out static assets and parts of files; `query` is what becomes of what
    follows the first question mark, `cut` or `keep`.
    """

    name = "log"

    def __init__(
        self,
        clock: Callable[[], float],
        host: str = "",
        pages_only: bool = False,
        query: str = "cut",
    ) -> None:
        self._clock = clock
        self._host = host
        self._pages_only = pages_only
        self._keeps_query = query == "keep"
        self._latest = 0.0
        self._page = lru_cache(maxsize=8_192)(self._read_page)

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        match = _LINE.fullmatch(line)
        parts = match.groups() if match and match[5] else loose_line.read(line)
        if parts is None:
            return Skip.MALFORMED_LINE if line.strip() else Skip.EMPTY
        if line.count(b"[") > 1 and loose_line.is_joined(line):
            return Skip.JOINED
        hour, minute, second, offset, method, target, status = parts
        start = _seconds(hour, offset)
        if start is None:
            return Skip.MALFORMED_LINE
        if method != b"GET":
            return Skip.NOT_GET if method else Skip.MALFORMED_REQUEST
        if status not in _COUNTED:
            return Skip.OTHER_STATUS if status in _STATUSES else Skip.NO_STATUS
        if self._pages_only and status == b"206":
            return Skip.PART
        at = start + int(minute) * 60 + int(second)
        host = b"" if self._host else host_of(line)
        return self._view(host, target if self._keeps_query else target.partition(b"?")[0], at)

    def _view(self, host: bytes, path: bytes, at: int) -> View | Skip:
        read = self._page if len(path) <= MAX_PAGE_BYTES else self._read_page
        page = read(host, path)
        if isinstance(page, Skip):
            return page
        if at > self._latest and self._is_future(at):
            return Skip.FUTURE
        return View(page, at // HOUR_SECONDS)

    def _is_future(self, at: int) -> bool:
        self._latest = self._clock() + MAX_AHEAD_SECONDS
        return at > self._latest

    def _read_page(self, named: bytes, path: bytes) -> str | Skip:
        if not path:
            return Skip.EMPTY_PAGE
        page = text_of(unescape(path))
        host = self._host or named.decode("ascii")
        if host and page == "*":
            return Skip.NO_PAGE
        if host:
            page = host + origin_form(page)
        if self._pages_only and is_static(page):
            return Skip.STATIC_ASSET
        return page_fault(page) or page


def is_log_line(line: bytes) -> bool:
    """Whether the line has what a view needs: a time, a request, a status and a size."""
    return _LINE.fullmatch(line) is not None or loose_line.read(line) is not None


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
