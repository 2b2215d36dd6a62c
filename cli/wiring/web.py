"""Settings to the HTTP application."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from litestar import Litestar
from litestar.handlers import ASGIRouteHandler

from cli.processes.listening import is_loopback
from cli.processes.producer import Producer
from cli.wiring.horizon import WatchedHorizon
from cli.wiring.process import application_name, now_ms
from domain.errors import StoreUnavailable
from domain.ownership import require_untroubled
from domain.ports.common import Probe
from domain.ports.log import LogWriter
from domain.reports import Facts
from domain.settings import Settings
from domain.version import VERSION
from ingest import openapi as ingest_openapi
from ingest.appender import Appender
from ingest.routes import routes as ingest_routes
from log.opening import open_writer
from read_api import openapi as read_openapi
from read_api.metrics import metrics_route
from read_api.routes import routes as read_routes
from read_api.stats.openapi import PATHS as STATS_PATHS
from read_api.stats.routes import stats_routes
from read_api.stats.state import state_route
from rows.opening import Rows
from web.app import Lifespan, create_app
from web.door import ANYWHERE
from web.openapi import describe


def create_web(settings: Settings, *, ingest: bool, read_api: bool, role: str = "web") -> Litestar:
    """The HTTP application of ingest, the read API, or both on one port."""
    handlers: list[ASGIRouteHandler] = []
    probes: dict[str, Probe] = {}
    stack = AsyncExitStack()
    lifespans: list[Lifespan] = []
    if ingest:
        writer = open_writer(settings)
        appender = _appender(settings, writer)
        horizon = WatchedHorizon(settings, role)
        stack.push_async_callback(writer.close)
        stack.push_async_callback(appender.close)
        handlers += ingest_routes(
            appender,
            now_ms,
            settings.num_partitions,
            settings.request_timeout_ms / 1_000,
            settings.retention_days,
            horizon,
        )
        lifespans.append(horizon.watched)
        probes["log"] = writer.ping
    if read_api:
        rows = Rows(settings, now_ms, name=application_name(role))
        stack.push_async_callback(rows.close)
        handlers += read_routes(rows.reports, now_ms)
        handlers += stats_routes(rows.stats, now_ms)
        handlers.append(metrics_route(rows.facts.facts))
        handlers.append(state_route(rows.facts.state, now_ms))
        # The one that answers for all roles of `up` says too where nothing can be folded.
        probes["database"] = partial(_foldable if ingest else _readable, rows)
        if ingest:
            # All roles are one then, and ready is what every one of them is.
            probes["partitions"] = _folded(rows)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with stack:
            yield

    lifespans = [lifespan, *lifespans]
    return create_app(handlers, probes, api_description(), lifespans, hosts_of(settings))


async def _readable(rows: Rows) -> None:
    await rows.ping_reports()
    # Who may read the rows and not this is told nothing of versions, and is ready.
    with suppress(StoreUnavailable):
        await rows.require_understood()


async def _foldable(rows: Rows) -> None:
    await _readable(rows)
    await rows.require_writable()


def hosts_of(settings: Settings) -> Collection[str]:
    """The names that requests may be for.

    On loopback nobody is asked for a key, and a browser there opens pages of others: a name of
    theirs that leads here (DNS rebinding) is not answered for. Elsewhere every name is, as long as
    none is set.
    """
    if settings.allowed_hosts or is_loopback(settings.host):
        return (*settings.allowed_hosts.split(","), settings.host.lower())
    return ANYWHERE


def create_health(
    settings: Settings, probes: Mapping[str, Probe], facts: Callable[[], Awaitable[Facts]]
) -> Litestar:
    """What a role answers that has no API of its own."""
    hosts = hosts_of(settings)
    return create_app([metrics_route(facts)], probes, api_description(), allowed_hosts=hosts)


def _folded(rows: Rows) -> Probe:
    async def folded() -> None:
        require_untroubled(await rows.facts.troubles())

    return folded


def api_description() -> Mapping[str, object]:
    """The OpenAPI document of the whole API."""
    return describe(VERSION, ingest_openapi.PATHS, read_openapi.PATHS, STATS_PATHS)


def _appender(settings: Settings, writer: LogWriter) -> Appender:
    shards = settings.num_shards
    return Appender(
        writer,
        clock=now_ms,
        producer=Producer(),
        draw_shard=lambda: random.randrange(shards),  # noqa: S311
        linger_seconds=settings.linger_ms / 1_000,
        deadline_seconds=settings.request_timeout_ms / 1_000,
    )
