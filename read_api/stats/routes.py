"""GET handlers of statistics."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from secrets import token_bytes
from urllib.parse import urlencode

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope
from msgspec.structs import replace

from domain.keys import Right
from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from domain.stats.answers import Standing
from read_api.stats.after import After
from read_api.stats.asking import ENDPOINTS, OF_PAGES, Endpoint
from read_api.stats.export import NAMES, pieces, read_export
from read_api.stats.formats import FORMATS, Format, accepted
from read_api.stats.given import Given
from read_api.stats.shapes import Pages, Sites, Sources
from read_api.stats.tables import encoded
from read_api.stats.tags import Asking, held_tags, tag_of
from read_api.stats.within import within
from read_api.waiting import Waiting
from read_api.watermark import watermark_headers
from web.access import Access, caller_of
from web.app import Handle, route
from web.problems import Answer
from web.streaming import Streamed

_ACCESS = Access(Right.READ)
_SECOND_MS = 1_000
_SECRET_BYTES = 16
_After = Callable[[Given, Receive], StatsReader]
"""Statistics as who asks may know them, read once what a question waits for is folded."""


def stats_routes(stats: StatsReader, clock: Clock, waiting: Waiting) -> Sequence[ASGIRouteHandler]:
    """The handlers of statistics and of the export."""

    def after(given: Given, receive: Receive) -> StatsReader:
        known = within(stats, given.caller)
        if given.awaited is None:
            return known
        return After(known, partial(waiting.until_folded, given.awaited, receive))

    # Of this process: what is held of another's answer is sent once more, where few sites are told.
    secret = token_bytes(_SECRET_BYTES)
    export = route("/export/hourly", "GET", _export(after, clock), access=_ACCESS)
    asked = [
        route(f"/stats/{one.name}", "GET", _ask(one, after, clock, secret), access=_ACCESS)
        for one in ENDPOINTS
    ]
    return [*asked, export]


def _ask(endpoint: Endpoint, after: _After, clock: Clock, secret: bytes) -> Handle:
    async def ask(scope: Scope, receive: Receive) -> Answer:
        names = (*endpoint.names, "format")
        given = Given(_query(scope), names, caller_of(scope), endpoint.elsewhere)
        reader = after(given, receive)
        wanted = _format(given, scope, Format.JSON)
        now = clock() // _SECOND_MS
        question = Asking(endpoint.name, wanted.value, given.all_but("format"), now)
        if given.caller.sites is not None:
            question = replace(question, sites=sorted(given.caller.sites), secret=secret)
        held = held_tags(scope)
        if held.named:
            # What is held may be known to be the answer before anything is added up.
            standing = await reader.standing()
            if held.holds(tag_of(question, standing)):
                return _unchanged(question, standing)
        found, standing = await endpoint.read(reader, given, now)
        tag = tag_of(question, standing)
        if held.holds(tag) or held.any:
            return _unchanged(question, standing)
        headers = [*_headers(wanted, f"footfall-{endpoint.name}"), *_validity(tag, standing)]
        if isinstance(found, Pages | Sites | Sources) and found.next:
            query = urlencode([*given.all_but("cursor"), ("cursor", found.next)])
            headers.append((b"link", f'<?{query}>; rel="next"'.encode()))
        return Answer(200, encoded(found, wanted), wanted.media_type.encode(), headers)

    return ask


def _export(after: _After, clock: Clock) -> Handle:
    async def export(scope: Scope, receive: Receive) -> Streamed:
        given = Given(_query(scope), (*NAMES, "format"), caller_of(scope), OF_PAGES)
        wanted = _format(given, scope, Format.CSV)
        asked = read_export(given, clock() // _SECOND_MS)
        reader = after(given, receive)
        headers = [(b"cache-control", b"no-store"), *_headers(wanted, "footfall-hourly")]
        media_type = wanted.media_type.encode()
        if scope["method"] == "HEAD":  # type: ignore[typeddict-item]
            headers += watermark_headers((await reader.standing()).watermark)
            return Streamed(_pieces_of(), media_type, headers)
        stood: list[Standing] = []
        made = pieces(reader, asked, wanted, stood.append)
        # With the first of them it is known what they are of.
        first = await anext(made)
        headers += watermark_headers(stood[0].watermark)
        return Streamed(_pieces_of(first, made), media_type, headers)

    return export


async def _pieces_of(
    first: bytes = b"", others: AsyncGenerator[bytes, None] | None = None
) -> AsyncGenerator[bytes, None]:
    yield first
    if others:
        async with aclosing(others):
            async for piece in others:
                yield piece


def _unchanged(question: Asking, standing: Standing) -> Answer:
    """What the client holds is the answer."""
    headers = [(b"vary", b"accept"), *_validity(tag_of(question, standing), standing)]
    return Answer(HTTPStatus.NOT_MODIFIED, b"", headers=headers)


def _validity(tag: bytes | None, standing: Standing) -> list[tuple[bytes, bytes]]:
    """How long an answer may be held, and how complete it is.

    Late views are counted for any hour that is kept: no answer is there for ever.
    """
    tags = [(b"etag", tag)] if tag else []
    return [(b"cache-control", b"no-cache"), *tags, *watermark_headers(standing.watermark)]


def _format(given: Given, scope: Scope, default: Format) -> Format:
    """What the query names, else what the client accepts."""
    named = given.choice("format", FORMATS)
    if named or "format" in given:
        return named or default
    accept = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    return accepted(",".join(accept), default)


def _headers(wanted: Format, name: str) -> list[tuple[bytes, bytes]]:
    headers = [(b"vary", b"accept")]
    if wanted is not Format.JSON:
        file = f'attachment; filename="{name}.{wanted.value}"'
        headers.append((b"content-disposition", file.encode()))
    return headers


def _query(scope: Scope) -> bytes:
    return scope["query_string"]
