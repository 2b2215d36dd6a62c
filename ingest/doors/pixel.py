"""GET /pixel.gif: a picture that counts, where no script runs."""

import base64
from collections.abc import Mapping, Sequence

from domain.errors import RequestRefused
from ingest.doors.addresses import named_address, parameters
from ingest.doors.way_in import addressed
from ingest.doors.words import PAGE, SITE, Asked, DoorTo, Heard, Outcome, Refused, Told, refusal
from web.problems import Answer, Headers, from_error

# One transparent dot, the smallest that every program shows: 43 bytes.
_DOT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
_HEADERS: Headers = [
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
PICTURE = Answer(200, _DOT, b"image/gif", _HEADERS)
_AHEAD = ("sec-purpose", "purpose", "x-moz")


def nobody_looks(asked: Asked) -> Answer | None:
    """The picture where it is only asked about, or fetched before anybody opens the page."""
    return PICTURE if asked.method == "HEAD" or fetched_ahead(asked.headers) else None


def fetched_ahead(headers: Mapping[str, str]) -> bool:
    """Did a browser fetch this for a page that may be opened later?"""
    return any(headers.get(name, "").lower().startswith("prefetch") for name in _AHEAD)


def read(asked: Asked) -> Sequence[Heard]:
    """The view of `page`."""
    page = parameters(asked.query).get("page", "")
    if not page:
        return [Refused(PAGE, "page is missing: ask for /pixel.gif?page=example.com/page")]
    address = addressed(page, named_address, "host and path, such as example.com/page")
    if isinstance(address, Refused):
        return [address]
    headers = asked.headers
    return [Told(address, (), headers.get("referer", ""), headers.get("user-agent", ""))]


def tell(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """The picture, or why it does not count."""
    return picture_or(refusal(outcomes, {PAGE: "page", SITE: "page"}))


def picture_or(error: RequestRefused | None) -> Answer:
    """The picture where nothing is wrong."""
    return refuse(error) if error else PICTURE


def refuse(error: RequestRefused) -> Answer:
    """As to whoever asks."""
    return from_error(error, "GET")


PIXEL = DoorTo("/pixel.gif", read, tell, refuse, nobody_looks, "GET")
