"""Which logged requests are views, and of which page."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from domain.events import MAX_PAGE_BYTES
from importer.agents import NONE, sent
from importer.page_names import is_static, origin_form, text_of, unescape
from importer.views import HOUR_SECONDS, MAX_AHEAD_SECONDS, Skip, View, page_fault

COUNTED = frozenset(b"200 201 202 203 204 205 206 207 208 214 218 226 299 304".split())
# Registered ones, those of proxies and content networks, and 000 where none was sent.
_STATUSES = COUNTED | {
    *(b"%d" % status for status in HTTPStatus),
    *b"000 419 420 430 440 444 449 450 460 463 464 494 495 496 497 498 499".split(),
    *b"306 509 520 521 522 523 524 525 526 527 529 530 540 561 598 599 783".split(),
}

Clock = Callable[[], float]
NamedMembers = tuple[tuple[str, str], ...]
"""What of a request to the member that holds it."""


class Reading(NamedTuple):
    """How the lines of logs are read; counts take none of it.

    `host`, else the virtual host a line names, is put in front of each page; `pages_only` leaves
    out static assets and parts of files; `query` is what becomes of what follows the first question
    mark, `cut` or `keep`. `log_format` is the format string that the server wrote by, if told;
    `fields` are the members of JSON lines, as `importer.formats.names` names them; other formats
    take none. `agents` is what is sent of user agents, one of `importer.agents.SENT`.
    """

    host: str = ""
    pages_only: bool = False
    query: str = "cut"
    log_format: str = ""
    fields: NamedMembers = ()
    agents: str = NONE


class Request(NamedTuple):
    """What a line says of a request: `at` in seconds since 1970 UTC, `method` and `target` as they
    were sent, a `status` of three digits, and the virtual `host` in lower case where one is named.

    `method` is empty where the line has a request that is none. `agent` is the user agent as it
    stands in the line, empty where none does.
    """

    at: int
    method: bytes
    target: bytes
    status: bytes
    host: bytes = b""
    agent: bytes = b""


class Views:
    """Finds the view in a request. `escaped` says that the log has written `\\xhh` and `\\"`."""

    def __init__(self, clock: Clock, reading: Reading, *, escaped: bool) -> None:
        self._clock = clock
        self._host, self._pages_only = reading.host, reading.pages_only
        self._keeps_query = reading.query == "keep"
        self._escaped = escaped
        self._latest = 0.0
        self._page = lru_cache(maxsize=8_192)(self._read_page)
        self._agent = sent(reading.agents, escaped=escaped)

    def of(self, request: Request) -> View | Skip:
        """The view, or why there is none."""
        at, method, target, status, host, agent = request
        if method != b"GET":
            return Skip.NOT_GET if method else Skip.MALFORMED_REQUEST
        if status not in COUNTED:
            return Skip.OTHER_STATUS if status in _STATUSES else Skip.NO_STATUS
        if self._pages_only and status == b"206":
            return Skip.PART
        if target[:1] == b"?":
            target = b"/" + target
        path = target if self._keeps_query else target.partition(b"?")[0]
        read = self._page if len(path) <= MAX_PAGE_BYTES else self._read_page
        page = read(b"" if self._host else host, path)
        if isinstance(page, Skip):
            return page
        if at > self._latest and self._is_future(at):
            return Skip.FUTURE
        return View(page, at // HOUR_SECONDS, 1, self._agent(agent) if agent else "")

    def _is_future(self, at: int) -> bool:
        self._latest = self._clock() + MAX_AHEAD_SECONDS
        return at > self._latest

    def _read_page(self, named: bytes, path: bytes) -> str | Skip:
        if not path:
            return Skip.EMPTY_PAGE
        page = text_of(unescape(path) if self._escaped else path)
        host = self._host or text_of(named)
        if host and page == "*":
            return Skip.NO_PAGE
        if host:
            page = host + origin_form(page)
        if self._pages_only and is_static(page):
            return Skip.STATIC_ASSET
        return page_fault(page) or page
