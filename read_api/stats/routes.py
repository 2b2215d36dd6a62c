"""GET handlers of statistics."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from http import HTTPStatus
from urllib.parse import urlencode

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from domain.stats.answers import Standing
from read_api.stats.asking import ENDPOINTS, Endpoint
from read_api.stats.export import NAMES, pieces, read_export
from read_api.stats.formats import FORMATS, Format, accepted
from read_api.stats.given import Given
from read_api.stats.shapes import Pages, Sites
from read_api.stats.tables import encoded
from read_api.stats.tags import Asking, held_tags, tag_of
from read_api.watermark import watermark_headers
from web.app import Handle, route
from web.problems import Answer
from web.streaming import Streamed

_SECOND_MS = 1_000


def stats_routes(reader: StatsReader, clock: Clock) -> Sequence[ASGIRouteHandler]:
    """The handlers of statistics and of the export."""
    export = route("/export/hourly", "GET", _export(reader, clock))
    asked = [route(f"/stats/{one.name}", "GET", _ask(one, reader, clock)) for one in ENDPOINTS]
    return [*asked, export]


def _ask(endpoint: Endpoint, reader: StatsReader, clock: Clock) -> Handle:
    async def ask(scope: Scope, _: Receive) -> Answer:
        given = Given(_query(scope), (*endpoint.names, "format"))
        wanted = _format(given, scope, Format.JSON)
        now = clock() // _SECOND_MS
        question = Asking(endpoint.name, wanted.value, given.all_but("format"), now)
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
        if isinstance(found, Pages | Sites) and found.next:
            query = urlencode([*given.all_but("cursor"), ("cursor", found.next)])
            headers.append((b"link", f'<?{query}>; rel="next"'.encode()))
        return Answer(200, encoded(found, wanted), wanted.media_type.encode(), headers)

    return ask


def _export(reader: StatsReader, clock: Clock) -> Handle:
    async def export(scope: Scope, _: Receive) -> Streamed:
        given = Given(_query(scope), (*NAMES, "format"))
        wanted = _format(given, scope, Format.CSV)
        asked = read_export(given, clock() // _SECOND_MS)
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
