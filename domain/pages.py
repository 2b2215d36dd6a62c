"""What may be a page."""

import re

from domain.events import MAX_PAGE_BYTES

# C0, DEL and C1; surrogates are no characters at all and cannot be stored.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def page_fault(page: str) -> str | None:
    """What is wrong with a page and what to send instead, None if nothing."""
    if not page:
        return "page is empty: send the page's address, such as example.com/page"
    if _CONTROL.search(page):
        return "page holds control characters: send printable text"
    length = len(page) if page.isascii() else len(page.encode())
    if length > MAX_PAGE_BYTES:
        return f"page has {length:,} bytes of UTF-8: send at most {MAX_PAGE_BYTES:,}"
    return None
