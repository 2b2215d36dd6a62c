"""Settings to adapters to services: the only place that builds anything."""

import logging
import os
import random
import socket
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from litestar import Litestar
from litestar.handlers import ASGIRouteHandler
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.page_rules import PageRules
from domain.ports import LogReader, LogWriter, Probe
from domain.retention import stream_max_age
from domain.settings import Settings
from ingest import openapi as ingest_openapi
from ingest.appender import Appender
from ingest.log_rabbitmq import RabbitLogWriter
from ingest.log_sqlite import SqliteLogWriter
from ingest.routes import routes as ingest_routes
from migrations.broker import declare_streams, nodes_of
from migrations.database import translated
from migrations.engine import open_engine
from migrations.partitions import declare_partitions
from migrations.upgrade import Branch, require_newest, upgrade
from projector.generations import SqlGenerations
from projector.leases import SqlLeases
from projector.log_nodes import NodesLogReader
from projector.log_rabbitmq import RabbitLogReader
from projector.log_sqlite import SqliteLogReader
from projector.runner import Runner
from projector.store import SqlProjectionStore
from projector.supervisor import Supervisor
from read_api import openapi as read_openapi
from read_api.metrics import metrics_route
from read_api.metrics_reader import SqlMetricsReader
from read_api.reader import SqlReportReader
from read_api.routes import routes as read_routes
from web.app import create_app
from web.openapi import describe


def now_ms() -> int:
    """The clock of every role."""
    return time.time_ns() // 1_000_000


def owner_name() -> str:
    """Under which this process holds leases and jobs: where it runs, and no two alike."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def configure_logging(settings: Settings) -> None:
    """Log lines on stderr."""
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # Their reconnect chatter repeats what our own lines say.
    for name in ("aiormq", "aio_pika"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if settings.log_level == "INFO":
        for name in ("alembic", "uvicorn"):
            logging.getLogger(name).setLevel(logging.WARNING)


def log_url(settings: Settings) -> str:
    """Of the embedded log."""
    return f"sqlite+aiosqlite:///{settings.log_file}"


def open_writer(settings: Settings) -> LogWriter:
    """The append side of the log the settings name."""
    if settings.rabbitmq_url is None:
        return SqliteLogWriter(settings.log_file, settings.num_partitions)
    return RabbitLogWriter(
        settings.rabbitmq_url,
        settings.stream_prefix,
        settings.num_partitions,
        confirm_timeout_seconds=_confirm_timeout_seconds(settings),
    )


def _confirm_timeout_seconds(settings: Settings) -> float:
    # A third of a request's patience: where a confirm is lost with the node that led the stream,
    # which RabbitMQ 3.10 does more often than not, the batch is sent again in time.
    patience = settings.request_timeout_ms / 1_000
    return max(patience / 3, min(patience, 1.0))


def open_reader(settings: Settings) -> LogReader:
    """The read side of the log the settings name."""
    if settings.rabbitmq_url is None:
        return SqliteLogReader(settings.log_file)
    nodes = nodes_of(settings.rabbitmq_url)
    readers = [RabbitLogReader(node, settings.stream_prefix) for node in nodes]
    return readers[0] if len(readers) == 1 else NodesLogReader(readers)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlProjectionStore]:
    """The rows' write side, closed at the end."""
    store = SqlProjectionStore(open_engine(settings.rows_url), now_ms)
    try:
        yield store
    finally:
        await store.close()


async def migrate(settings: Settings) -> list[str]:
    """Create or upgrade everything the settings name; a line for each layer."""
    partitions = settings.num_partitions
    done = [f"rows: {await _upgrade(settings.rows_url, 'rows')}"]
    if settings.rabbitmq_url is None:
        done.append(f"log: {await _upgrade(log_url(settings), 'log')}")
        async with _engine(log_url(settings)) as engine:
            await declare_partitions(engine, partitions)
    else:
        await declare_streams(
            settings.rabbitmq_url,
            settings.stream_prefix,
            partitions,
            stream_max_age(settings.retention_days),
        )
        done.append(f"log: streams {settings.stream_prefix}.*")
    async with _engine(settings.rows_url) as engine:
        await SqlGenerations(engine, now_ms).adopt_rules(PageRules(settings.page_rules))
    # After the log has them: from now on every projector tries to read them.
    async with open_leases(settings) as leases:
        await leases.enter(partitions)
        known = len((await leases.ownership()).owners)
    return [*done, f"partitions: {known}"]


async def _upgrade(url: str, branch: Branch) -> str:
    async with _engine(url) as engine, translated():
        return await upgrade(engine, branch)


@asynccontextmanager
async def _engine(url: str, *, read_only: bool = False) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url, read_only=read_only)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_leases(settings: Settings) -> AsyncIterator[SqlLeases]:
    """Who folds what, closed at the end."""
    async with _engine(settings.rows_url) as engine:
        yield SqlLeases(engine, settings.lease_ms)


async def require_migrated(settings: Settings) -> None:
    """Raises `StoreUnavailable` when the rows are not at the version this code expects."""
    await require_newest_at(settings.rows_url)


async def require_newest_at(url: str) -> None:
    """The same of the rows at `url`."""
    async with _engine(url, read_only=True) as engine, translated():
        await require_newest(engine)


def create_web(settings: Settings, *, ingest: bool, read_api: bool) -> Litestar:
    """The HTTP application of ingest, the read API, or both on one port."""
    handlers: list[ASGIRouteHandler] = []
    probes: dict[str, Probe] = {}
    stack = AsyncExitStack()
    if ingest:
        writer = open_writer(settings)
        appender = _appender(settings, writer)
        stack.push_async_callback(writer.close)
        stack.push_async_callback(appender.close)
        handlers += ingest_routes(
            appender,
            now_ms,
            settings.num_partitions,
            settings.request_timeout_ms / 1_000,
            settings.retention_days,
        )
        probes["log"] = writer.ping
    if read_api:
        engine = open_engine(settings.reports_url, read_only=True)
        reader = SqlReportReader(engine)
        stack.push_async_callback(reader.close)
        handlers += read_routes(reader, now_ms)
        handlers.append(metrics_route(SqlMetricsReader(engine).facts))
        probes["database"] = reader.ping

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with stack:
            yield

    return create_app(handlers, probes, api_description(), [lifespan])


def api_description() -> Mapping[str, object]:
    """The OpenAPI document of the whole API."""
    return describe(version("footfall"), ingest_openapi.PATHS, read_openapi.PATHS)


def _appender(settings: Settings, writer: LogWriter) -> Appender:
    shards = settings.num_shards
    return Appender(
        writer,
        clock=now_ms,
        producer=uuid.uuid4().hex,
        draw_shard=lambda: random.randrange(shards),  # noqa: S311
        linger_seconds=settings.linger_ms / 1_000,
        deadline_seconds=settings.request_timeout_ms / 1_000,
    )


@asynccontextmanager
async def open_supervisor(settings: Settings) -> AsyncIterator[Supervisor]:
    """The projector, its connections closed at the end."""
    engine = open_engine(settings.rows_url)
    reader = open_reader(settings)
    store = SqlProjectionStore(engine, now_ms)
    runner = Runner(
        reader,
        store,
        flush_seconds=settings.flush_interval_ms / 1_000,
        batch_size=settings.batch_size,
    )
    try:
        yield Supervisor(
            SqlLeases(engine, settings.lease_ms),
            runner,
            owner=owner_name(),
            partitions=settings.num_partitions,
            lease_seconds=settings.lease_ms / 1_000,
        )
    finally:
        await reader.close()
        await store.close()
