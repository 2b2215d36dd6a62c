"""Where a viewer came from, as far as an address and a referrer tell."""

from urllib.parse import parse_qsl, urlsplit

from domain.dimensions import NONE
from domain.pages import PageFault, fault_of
from ingest.doors.addresses import Address, host_of

MOST_BYTES = 255
_NAMED = ("utm_source", "source", "ref")
_SCHEMES = ("http", "https", "android-app")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_WWW = "www."
# Nobody's query has so many.
_MOST_PARAMETERS = 200


def source_of(address: Address, referrer: str, site: str) -> str:
    """What the address names, or else the host of the referrer; `NONE` where it is the page's own.

    At most `MOST_BYTES` of UTF-8; what is longer is cut.
    """
    return _named(address.query) or _came_from(referrer, {site, address.host})


def _named(query: str) -> str:
    if not any(name in query for name in _NAMED):
        return NONE
    try:
        pairs = parse_qsl(query, errors="replace", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return NONE
    given = dict(reversed(pairs))
    return next((fit for name in _NAMED if (fit := _fit(given.get(name, "")))), NONE)


def _came_from(referrer: str, own: set[str]) -> str:
    try:
        parts = urlsplit(referrer.strip())
    except ValueError:
        return NONE
    host = host_of(parts.netloc).removeprefix(_WWW) if parts.scheme in _SCHEMES else ""
    at_home = host in {name.removeprefix(_WWW) for name in own}
    if at_home or host in _LOCAL or host.endswith(".localhost"):
        return NONE
    return _fit(host)


def _fit(text: str) -> str:
    line = text.strip()
    if fault_of(line) in (PageFault.EMPTY, PageFault.CONTROL):
        return NONE
    return line.encode()[:MOST_BYTES].decode("utf-8", "ignore").rstrip()
