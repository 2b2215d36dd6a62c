"""GET handlers of statistics."""

from collections.abc import Sequence
from urllib.parse import urlencode

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from read_api.stats.asking import ENDPOINTS, Endpoint
from read_api.stats.export import NAMES, pieces, read_export
from read_api.stats.formats import FORMATS, Format, accepted
from read_api.stats.given import Given
from read_api.stats.shapes import Pages, Sites
from read_api.stats.tables import encoded
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
        found = await endpoint.read(reader, given, clock() // _SECOND_MS)
        headers = _headers(wanted, f"footfall-{endpoint.name}")
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
        headers = _headers(wanted, "footfall-hourly")
        return Streamed(pieces(reader, asked, wanted), wanted.media_type.encode(), headers)

    return export


def _format(given: Given, scope: Scope, default: Format) -> Format:
    """What the query names, else what the client accepts."""
    named = given.choice("format", FORMATS)
    if named or "format" in given:
        return named or default
    accept = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    return accepted(",".join(accept), default)


def _headers(wanted: Format, name: str) -> list[tuple[bytes, bytes]]:
    headers = [(b"cache-control", b"no-store"), (b"vary", b"accept")]
    if wanted is not Format.JSON:
        file = f'attachment; filename="{name}.{wanted.value}"'
        headers.append((b"content-disposition", file.encode()))
    return headers


def _query(scope: Scope) -> bytes:
    return scope["query_string"]
