"""Settings to the HTTP application."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from time import monotonic

from litestar import Litestar
from litestar.handlers import ASGIRouteHandler

from cli.processes.listening import is_loopback
from cli.processes.producer import Producer
from cli.wiring.dashboard import dashboard
from cli.wiring.doors import doors
from cli.wiring.front import front_of
from cli.wiring.horizon import WatchedHorizon
from cli.wiring.live import follower_of
from cli.wiring.locks import lock_for, nameless_of
from cli.wiring.operations import operations
from cli.wiring.process import application_name, now_ms
from dashboard.openapi import PATHS as DASHBOARD_PATHS
from domain.agents.keeping import Keeping, keeping_of
from domain.errors import StoreUnavailable
from domain.ownership import require_untroubled
from domain.ports.common import Probe
from domain.ports.log import LogWriter
from domain.reports import Facts
from domain.settings import Settings
from domain.sites import Sites
from domain.version import VERSION
from ingest import openapi as ingest_openapi
from ingest.appender import Appender
from ingest.doors.openapi import PATHS as DOORS_PATHS
from ingest.routes import routes as ingest_routes
from ingest.tracker.openapi import PATHS as TRACKER_PATHS
from ingest.tracker.routes import tracker_routes
from log.opening import open_writer
from read_api import openapi as read_openapi
from read_api.badges.openapi import PATHS as BADGES_PATHS
from read_api.badges.routes import badge_route
from read_api.live.metrics import LiveMetrics
from read_api.live.openapi import PATHS as LIVE_PATHS
from read_api.live.routes import live_routes
from read_api.metrics import metrics_route
from read_api.plausible.openapi import PATHS as PLAUSIBLE_PATHS
from read_api.plausible.routes import plausible_routes
from read_api.routes import routes as read_routes
from read_api.stats.openapi import PATHS as STATS_PATHS
from read_api.stats.routes import stats_routes
from read_api.stats.state import state_route
from read_api.waiting import Waiting
from rows.opening import Rows
from web.app import Ending, Lifespan, create_app
from web.door import ANYWHERE
from web.metrics import refusals_route
from web.openapi import describe
from web.refused import Refusals


def create_web(settings: Settings, *, ingest: bool, read_api: bool, role: str = "web") -> Litestar:
    """The HTTP application of ingest, the read API, or both on one port."""
    handlers: list[ASGIRouteHandler] = []
    probes: dict[str, Probe] = {}
    stack = AsyncExitStack()
    lifespans: list[Lifespan] = []
    endings: list[Ending] = []
    refusals = Refusals(now_ms())
    lock = lock_for(settings)
    if ingest:
        writer = open_writer(settings)
        keeping = keeping_of(settings.keep_user_agents)
        appender = _appender(settings, writer, keeping)
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
            keeping.text_of,
            refusals.note,
        )
        handlers += doors(settings, appender, keeping, horizon, refusals.note)
        handlers += tracker_routes()
        lifespans.append(horizon.watched)
        probes["log"] = writer.ping
        if not read_api:
            handlers.append(refusals_route(refusals))
    if read_api:
        rows = Rows(settings, now_ms, name=application_name(role))
        stack.push_async_callback(rows.close)
        waiting = Waiting(rows.receipts)
        handlers += read_routes(rows.reports, now_ms, waiting)
        handlers += stats_routes(rows.stats, now_ms, waiting)
        seconds = settings.request_timeout_ms / 1_000
        handlers += plausible_routes(rows.stats, now_ms, waiting, Sites(settings.sites), seconds)
        refused = refusals if ingest else None
        follower = follower_of(settings, rows, now_ms, role)
        stack.push_async_callback(follower.close)
        endings.append(follower.end)
        handlers += live_routes(follower, now_ms)
        handlers.append(metrics_route(rows.facts.facts, refused, LiveMetrics(follower)))
        handlers.append(state_route(rows.facts.state, now_ms, settings.retention_days, refused))
        handlers.append(operations(settings, rows, refused, stack))
        handlers.append(badge_route(rows.stats, settings.badges, now_ms, monotonic))
        handlers += dashboard(settings, lock)
        # The one that answers for all roles of `up` says too where nothing can be folded.
        commits = settings.read_database_url is None
        foldable = partial(_foldable, rows, commits)
        probes["database"] = foldable if ingest else partial(_readable, rows)
        if ingest:
            # All roles are one then, and ready is what every one of them is.
            probes["partitions"] = _folded(rows)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with stack:
            yield

    lifespans = [lifespan, *lifespans]
    described, hosts = api_description(), hosts_of(settings)
    front, note = front_of(settings), refusals.note
    nameless = nameless_of(settings)
    return create_app(
        handlers, probes, described, lifespans, hosts, note, lock, front, nameless, endings
    )


# Less than a probe is given, so that there is time to ask what it waits for.
_COMMIT_SECONDS = 1.5


async def _readable(rows: Rows) -> None:
    await rows.ping_reports()
    # Who may read the rows and not this is told nothing of versions, and is ready.
    with suppress(StoreUnavailable):
        await rows.require_understood()


async def _foldable(rows: Rows, commits: bool) -> None:
    await _readable(rows)
    await rows.require_writable()
    # Where a replica is set, ready is who can read it.
    if commits:
        await rows.require_commits(_COMMIT_SECONDS)


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
    hosts, lock, front = hosts_of(settings), lock_for(settings), front_of(settings)
    described, found = api_description(), [metrics_route(facts)]
    return create_app(found, probes, described, allowed_hosts=hosts, lock=lock, front=front)


def _folded(rows: Rows) -> Probe:
    async def folded() -> None:
        require_untroubled(await rows.facts.troubles())

    return folded


def api_description() -> Mapping[str, object]:
    """The OpenAPI document of the whole API."""
    return describe(
        VERSION,
        ingest_openapi.PATHS,
        DOORS_PATHS,
        TRACKER_PATHS,
        read_openapi.PATHS,
        STATS_PATHS,
        LIVE_PATHS,
        BADGES_PATHS,
        PLAUSIBLE_PATHS,
        DASHBOARD_PATHS,
    )


def _appender(settings: Settings, writer: LogWriter, keeping: Keeping) -> Appender:
    shards = settings.num_shards
    return Appender(
        writer,
        clock=now_ms,
        producer=Producer(),
        draw_shard=lambda: random.randrange(shards),  # noqa: S311
        linger_seconds=settings.linger_ms / 1_000,
        deadline_seconds=settings.request_timeout_ms / 1_000,
        keeping=keeping,
    )
