"""GET /badge/PAGE.svg and PAGE.json."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

import msgspec
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope
from msgspec import Struct

from domain.errors import Problem, RequestRefused
from domain.hosts import ANY
from domain.keys import public
from domain.pages import page_fault
from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from domain.problems import NOT_FOUND
from domain.stats.selection import site_of
from read_api.badges.counts import Count, Counts, Since
from read_api.badges.drawing import COLOR, badge
from read_api.queries import parameters
from read_api.stats.tags import held_tags
from read_api.stats.telling import complete_text
from read_api.stats.within import within
from web.access import Access
from web.app import path_asked, route
from web.door import NOTHING_HERE
from web.places import ANY_PATH
from web.problems import JSON, Answer, problem

BADGE = "/badge"
MAX_LABEL = 40
LABELS = {Since.ALL: "total", Since.DAYS: "30 days"}
PERIODS = {since.value: since for since in Since}
# Any page shows it, and one address may not ask all the time.
_ACCESS = Access(from_pages=True, by_address=True)
_SVG, _JSON = ".svg", ".json"
_TAG_BYTES = 12
_encode = msgspec.json.Encoder().encode


class Told(Struct, rename="camel", kw_only=True):
    """The form of an endpoint badge (shields.io/badges/endpoint-badge), and numbers beside."""

    schema_version: int = 1
    label: str
    message: str
    color: str = COLOR
    views: int
    complete_until: str | None = msgspec.field(name="complete_until")


class _Asked(Struct):
    page: str
    form: str
    since: Since
    label: str


def badge_route(
    stats: StatsReader, sites: str, clock: Clock, monotonic: Callable[[], float]
) -> ASGIRouteHandler:
    """Its handler, for pages of `sites`, which has commas between: of others there is nothing."""
    named = frozenset(site for site in sites.split(",") if site)
    # Whatever the pages' rules make of a name, no number of another site is in it.
    reader = stats if ANY in named or not named else within(stats, public(named))
    counts = Counts(reader, clock, monotonic)

    async def show(scope: Scope, _: Receive) -> Answer:
        name, dot, form = _decoded(path_asked(scope, BADGE)).rpartition(".")
        known = site_of(name) in named or ANY in named
        if not known or dot + form not in (_SVG, _JSON):
            return problem(NOT_FOUND, NOTHING_HERE, method="GET")
        asked = _read(name, dot + form, scope["query_string"])
        found = await counts.of(asked.page, asked.since)
        return _answer(scope, asked, found)

    return route(f"{BADGE}{ANY_PATH}", "GET", show, access=_ACCESS)


def _decoded(path: bytes) -> str:
    """Bytes that are no UTF-8 are in no page."""
    return unquote_to_bytes(path).decode(errors="surrogateescape")


def _read(page: str, form: str, query: bytes) -> _Asked:
    given, faults = parameters(query, ("period", "label"))
    if fault := page_fault(page):
        faults.append(Problem("page", fault))
    since = _since(given, faults)
    label = given.get("label", LABELS[since])
    if len(label) > MAX_LABEL or not label.isprintable():
        detail = f"label is no text of up to {MAX_LABEL} characters that can be seen: send less"
        faults.append(Problem("label", detail))
    if faults:
        raise RequestRefused(faults)
    return _Asked(page, form, since, label)


def _since(given: Mapping[str, str], faults: list[Problem]) -> Since:
    text = given.get("period", Since.ALL.value)
    if text not in PERIODS:
        detail = f"period is none of {', '.join(PERIODS)}: send one of them"
        faults.append(Problem("period", detail))
    return PERIODS.get(text, Since.ALL)


def _answer(scope: Scope, asked: _Asked, found: Count) -> Answer:
    message = f"{found.views:,} view{'' if found.views == 1 else 's'}"
    if asked.form == _SVG:
        body, media_type = badge(asked.label, message).encode(), b"image/svg+xml; charset=utf-8"
    else:
        told = Told(
            label=asked.label,
            message=message,
            views=found.views,
            complete_until=complete_text(found.complete_ms),
        )
        body, media_type = _encode(told), JSON
    tag = b'"%s"' % blake2b(body, digest_size=_TAG_BYTES).hexdigest().encode()
    headers = [
        (b"cache-control", b"public, max-age=%d" % found.seconds),
        (b"etag", tag),
        # A picture that somebody opens by itself does nothing either.
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
    held = held_tags(scope)
    if held.any or held.holds(tag):
        return Answer(HTTPStatus.NOT_MODIFIED, b"", headers=headers)
    return Answer(HTTPStatus.OK, body, media_type, headers)
