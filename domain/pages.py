"""What may be a page."""

import re
from enum import Enum

from domain.events import MAX_PAGE_BYTES

# C0, DEL and C1; surrogates are no characters at all and cannot be stored.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class PageFault(Enum):
    """Why a text cannot be a page."""

    EMPTY = "empty"
    CONTROL = "control characters"
    LONG = "too long"


def fault_of(page: str) -> PageFault | None:
    """What is wrong with a page, None if nothing."""
    if not page:
        return PageFault.EMPTY
    if _CONTROL.search(page):
        return PageFault.CONTROL
    return PageFault.LONG if _bytes(page) > MAX_PAGE_BYTES else None


def page_fault(page: str) -> str | None:
    """What is wrong with a page and what to send instead, None if nothing."""
    match fault_of(page):
        case None:
            return None
        case PageFault.EMPTY:
            return "page is empty: send the page's address, such as example.com/page"
        case PageFault.CONTROL:
            return "page holds control characters: send printable text"
        case PageFault.LONG:
            length = _bytes(page)
            return f"page has {length:,} bytes of UTF-8: send at most {MAX_PAGE_BYTES:,}"


def _bytes(page: str) -> int:
    return len(page) if page.isascii() else len(page.encode())
