"""GET /count and POST /api/v0/count: what pages and servers of GoatCounter send."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from domain.errors import Problem, RequestRefused
from ingest.doors.addresses import Address, address_of, parameters
from ingest.doors.pixel import nobody_looks, picture_or, refuse
from ingest.doors.way_in import addressed
from ingest.doors.words import (
    BODY,
    MOST_VIEWS,
    ONLY,
    PAGE,
    SITE,
    WITH_KEY,
    Asked,
    DoorTo,
    Heard,
    NoView,
    Outcome,
    Refused,
    Told,
    members,
    refusal,
    text,
)
from web.problems import Answer, answer

EXAMPLE = '{"no_sessions":true,"hits":[{"path":"/page"}]}'
MOST_BYTES = 1_000_000


def read(asked: Asked) -> Sequence[Heard]:
    """The view of the path in `p`, of the site whose page asks for the picture."""
    given = parameters(asked.query)
    if "p" not in given:
        return [Refused(PAGE, "p is missing: ask for /count?p=/page")]
    address = _path(given["p"], given.get("q", ""))
    if isinstance(address, Refused):
        return [address]
    headers = asked.headers
    page = [_host(headers.get(name, "")) for name in ("referer", "origin")]
    names = [name for name in (address.host, *page, headers.get("host", "")) if name]
    told = Told(address, [*names, ONLY], given.get("r", ""), headers.get("user-agent", ""))
    return [NoView(told) if given.get("e", "") in ("true", "1") else told]


def _path(written: str, query: str) -> Address | Refused:
    """A path may lack the slash before it; `query` is in its name or beside it."""
    path = written.strip()
    if not path.startswith("/") and "://" not in path:
        path = f"/{path}"
    address = addressed(path, address_of, "a path, such as /page")
    if isinstance(address, Address) and query and not address.query:
        return address._replace(query=query.removeprefix("?"))
    return address


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def tell(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """The picture, or why it does not count."""
    return picture_or(refusal(outcomes, {PAGE: "p", SITE: "p"}))


def read_hits(asked: Asked) -> Sequence[Heard]:
    """A view for each hit that is no event, of the site that it or its request names."""
    hits = members(asked.body, EXAMPLE).get("hits")
    if not isinstance(hits, list) or not 0 < len(hits) <= MOST_VIEWS:
        detail = f"hits is not a list of 1 to {MOST_VIEWS}: send {EXAMPLE}"
        raise RequestRefused([Problem("/hits", detail)])
    sites = (asked.headers.get("host", ""), ONLY)
    return [_hit(each, [name for name in sites if name or name is ONLY]) for each in hits]


def _hit(hit: Any, sites: Sequence[str]) -> Heard:
    given: Mapping[str, Any] = dict(hit) if isinstance(hit, tuple) else {}
    path, moment = given.get("path"), given.get("created_at")
    if not isinstance(path, str) or not path.strip():
        return Refused(PAGE, f"path is missing or not a string: send {EXAMPLE}")
    if moment is not None and not isinstance(moment, str):
        return Refused(BODY, "created_at is not a string: send one such as 2025-07-16T10:00:00Z")
    address = _path(path, text(given.get("query")))
    if isinstance(address, Refused):
        return address
    names = [address.host] if address.host else sites
    referrer, agent = text(given.get("ref")), text(given.get("user_agent"))
    told = Told(address, names, referrer, agent, moment or "")
    return NoView(told) if given.get("event") else told


def tell_hits(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """Nothing where all are taken, otherwise which are not; all others are."""
    errors = {
        str(index): each.detail for index, each in enumerate(outcomes) if isinstance(each, Refused)
    }
    return answer({"errors": errors}, 400) if errors else Answer(202, b"")


# Of a beacon the body says nothing.
COUNT = DoorTo("/count", read, tell, refuse, nobody_looks, "GET", ("POST",))
API_COUNT = DoorTo("/api/v0/count", read_hits, tell_hits, most_bytes=MOST_BYTES, access=WITH_KEY)
