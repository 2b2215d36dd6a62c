"""One view as nearly all of them are sent, read at a tenth of the price.

Whatever is not exactly that is for the judge of `ingest.requests`, who also says what is wrong:
where both read a body, they read the same.
"""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from domain.agents.labels import label_of
from domain.events import MAX_PAGE_BYTES, PageViewed, Partition
from domain.hours import parse_instant
from domain.pages import page_fault
from domain.partitioning import partition_for
from ingest.faults import Limits
from ingest.requests import Views
from ingest.viewers import TextOf


class One(NamedTuple):
    """One event, where it goes, and what is kept of its viewer (None: nothing)."""

    partition: Partition
    event: PageViewed
    text: str | None


def one_of(views: Views) -> One:
    """The only event there is, as the judge has found it."""
    ((partition, (event,)),) = views.events.items()
    (text,) = views.texts.get(partition, (None,))
    return One(partition, event, text)


class _View(Struct, forbid_unknown_fields=True, gc=False):
    page: str
    timestamp: str


class _ViewOfAgent(_View, forbid_unknown_fields=True, gc=False):
    user_agent: str


# By the quotes around the names and the strings. The decoder takes a member that is given twice,
# and its name alone would be two more.
_DECODE = {
    8: msgspec.json.Decoder(_View).decode,
    12: msgspec.json.Decoder(_ViewOfAgent).decode,
}


def usual_view(
    body: bytes, accepted: Limits, partitions: int, text_of: TextOf = label_of
) -> One | None:
    """The view in `body`, None where the judge has to look at it."""
    decode = _DECODE.get(body.count(b'"'))
    # Behind a backslash a quote would be none, and a name could be spelled in another way.
    if decode is None or b"\\" in body:
        return None
    try:
        view = decode(body)
        at_ms = parse_instant(view.timestamp)
    except ValueError:
        return None
    page = view.page
    plain = page.isascii() and page.isprintable() and 0 < len(page) <= MAX_PAGE_BYTES
    if not (plain or page_fault(page) is None):
        return None
    if not accepted.oldest_ms <= at_ms <= accepted.latest_ms:
        return None
    text = text_of(view.user_agent) if isinstance(view, _ViewOfAgent) and view.user_agent else ""
    return One(partition_for(page, partitions), PageViewed(page, at_ms, 1), text or None)
