"""The peers as contenders of the same load: started, counted, and what each of them promises."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

import asyncpg

from benchmarks.contenders import Contender, Started, started
from benchmarks.peers.private import PrivateRedis
from benchmarks.peers.upsert import TABLE
from benchmarks.processes import Process
from benchmarks.servers import Servers, database
from domain.settings import Settings

NODE = Path(__file__).parent / "node"
_ONCE_AGAIN = "a request sent again counts twice"


def upsert(found: Servers) -> Contender:
    """A row is updated for each view."""
    promise = f"on disk before the answer; {_ONCE_AGAIN}; no log, nothing to rebuild from"
    return Contender("Litestar + asyncpg, an upsert a view", promise, partial(_upsert, found))


@asynccontextmanager
async def _upsert(found: Servers) -> AsyncIterator[Started]:
    async with (
        database(found) as url,
        started(_module("benchmarks.peers.upsert", DATABASE_URL=_plain(url))) as process,
    ):
        parts = {"process": process.pid, "database": found.postgres.pid}
        yield Started(process.port, parts, partial(_rows, _plain(url)))


def redis_counts(name: str, promise: str, options: Sequence[str] = ()) -> Contender:
    """A counter is added to for each view."""
    promise = f"{promise}; {_ONCE_AGAIN}; no log, nothing to rebuild from"
    return Contender(f"Litestar + Redis, {name}", promise, partial(_redis, options))


@asynccontextmanager
async def _redis(options: Sequence[str]) -> AsyncIterator[Started]:
    with PrivateRedis(options) as server:
        redis = _module("benchmarks.peers.redis_counts", REDIS_URL=server.url)
        async with started(redis) as process:
            parts = {"process": process.pid, "redis": server.pid}
            yield Started(process.port, parts, partial(_fields, server.url))


async def _fields(url: str) -> int:
    # Among the requirements of peers only.
    async with import_module("redis.asyncio").from_url(url) as client:
        found = [await client.hvals(key) async for key in client.scan_iter("views:*")]
    return sum(int(value) for values in found for value in values)


def node(found: Servers, binary: str, modules: Path) -> Contender:
    """A server that publishes to a classic queue, and a consumer that writes rows."""
    promise = (
        "handed to the client library, not confirmed: lost with the process or the connection; "
        "a view delivered again counts twice"
    )
    return Contender(
        "Node: Fastify, classic queue, upserts", promise, partial(_node, found, binary, modules)
    )


@asynccontextmanager
async def _node(found: Servers, binary: str, modules: Path) -> AsyncIterator[Started]:
    async with database(found) as url:
        environment = {
            "DATABASE_URL": _plain(url),
            "RABBITMQ_URL": found.rabbitmq.url,
            "QUEUE": f"peer-{uuid.uuid4().hex[:12]}",
            "NODE_PATH": str(modules),
        }
        await _make_table(_plain(url))
        async with (
            started(_script("server.js", binary, environment)) as server,
            started(_script("consumer.js", binary, environment), serving=False) as consumer,
        ):
            parts = {
                "server": server.pid,
                "consumer": consumer.pid,
                "broker": found.rabbitmq.pid,
                "database": found.postgres.pid,
            }
            yield Started(server.port, parts, partial(_rows, _plain(url)))


async def _make_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    await connection.close()


async def _rows(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT coalesce(sum(views), 0) FROM views"))
    finally:
        await connection.close()


def _module(name: str, **environment: str) -> Process:
    return Process(Settings(), name, "PORT", environment=environment)


def _script(name: str, binary: str, environment: Mapping[str, str]) -> Process:
    return Process(Settings(), name, program=NODE, command=[binary], environment=environment)


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")
