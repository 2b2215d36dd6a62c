"""What a line may turn out to be."""

from enum import Enum
from functools import lru_cache

import msgspec

from domain.events import MAX_AT_MS, MAX_COUNT, MAX_PAGE_BYTES, MIN_AT_MS
from domain.hours import HOUR_MS, MAX_AHEAD_MS
from domain.pages import PageFault, fault_of

MAX_LINE_BYTES = 65_536
MAX_AHEAD_SECONDS = MAX_AHEAD_MS // 1_000
HOUR_SECONDS = HOUR_MS // 1_000


class View(msgspec.Struct, frozen=True, gc=False):
    """`count` views of `page` in `hour`, whole hours since 1970 UTC.

    `agent` is what is sent of the viewer's user agent, empty where nothing is known.
    """

    page: str
    hour: int
    count: int = 1
    agent: str = ""


class Skip(Enum):
    """Why a line counts nothing; the value is what the summary calls it."""

    EMPTY = "empty"
    HEADER = "header"
    NO_REQUEST = "no request"
    CONTINUED = "beginning of a line that goes on"
    MALFORMED_LINE = "malformed line"
    MALFORMED_REQUEST = "malformed request"
    NO_FIELDS = "no #Fields line before it"
    NO_COLUMN = "#Fields without date, time, method, target or status"
    LONG_LINE = f"line over {MAX_LINE_BYTES:,} bytes"
    NOT_GET = "not GET"
    OTHER_STATUS = "other status"
    NO_STATUS = "status that does not exist"
    JOINED = "two records on one line"
    TWICE = "member given twice"
    STATIC_ASSET = "static asset"
    PART = "part of a file"
    NO_PAGE = "target that names no page"
    EMPTY_PAGE = "empty page"
    LONG_PAGE = f"page over {MAX_PAGE_BYTES:,} bytes"
    CONTROL = "control characters in the page"
    TIMESTAMP = "timestamp that cannot be read"
    FUTURE = "more than 1 h in the future"
    PAST = "older than the service keeps"
    NOTHING = "count of 0"
    COUNT = f"count not from 1 to {MAX_COUNT:,}"


ORDINARY = frozenset(
    {
        *(Skip.EMPTY, Skip.HEADER, Skip.NOT_GET, Skip.OTHER_STATUS),
        *(Skip.NO_REQUEST, Skip.CONTINUED),
        *(Skip.STATIC_ASSET, Skip.PART, Skip.NO_PAGE, Skip.PAST, Skip.NOTHING),
    }
)
"""Reasons that are no fault of the line: counted, never shown."""

UNREAD = frozenset(
    {
        *(Skip.MALFORMED_LINE, Skip.LONG_LINE, Skip.TIMESTAMP, Skip.COUNT),
        *(Skip.NO_FIELDS, Skip.NO_COLUMN, Skip.NO_STATUS),
        *(Skip.NO_REQUEST, Skip.CONTINUED, Skip.TWICE),
    }
)
"""Reasons of lines that are in another format, if any."""

_PAGE_SKIPS = {
    PageFault.EMPTY: Skip.EMPTY_PAGE,
    PageFault.CONTROL: Skip.CONTROL,
    PageFault.LONG: Skip.LONG_PAGE,
}


def is_in_calendar(seconds: int) -> bool:
    """Whether seconds since 1970 lie in the years 1 to 9999, which have names."""
    return MIN_AT_MS <= seconds * 1_000 <= MAX_AT_MS


def decode(raw: bytes) -> str:
    """UTF-8, or where it is none Latin-1, which every byte has a character in."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@lru_cache(maxsize=8_192)
def page_fault(page: str) -> Skip | None:
    """Why the service would refuse `page`, None if it would not."""
    fault = fault_of(page)
    return None if fault is None else _PAGE_SKIPS[fault]
