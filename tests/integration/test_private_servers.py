"""The throwaway servers themselves: what was written survives stop, kill and start."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import aio_pika
import pytest
from aiormq.exceptions import AMQPError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import LogUnavailable
from log.rabbitmq.broker import connect
from tests.acceptance.processes import until
from tests.servers import PrivatePostgres, PrivateRabbitMQ, answers, family, process

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

QUEUE = "kept"


@pytest.fixture
def postgres() -> Iterator[PrivatePostgres]:
    with PrivatePostgres() as server:
        yield server


@pytest.fixture
def rabbitmq() -> Iterator[PrivateRabbitMQ]:
    with PrivateRabbitMQ() as server:
        yield server


async def _numbers(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT number FROM kept ORDER BY number"))
        return [row.number for row in found]


async def _store(engine: AsyncEngine, number: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS kept (number integer)"))
        await connection.execute(text("INSERT INTO kept VALUES (:number)"), {"number": number})


async def _busy(engine: AsyncEngine) -> None:
    with suppress(DBAPIError, OSError):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT count(*) FROM generate_series(1, 1000000000)"))


async def _is_asked(engine: AsyncEngine) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE :asked AND state = 'active'"
    async with engine.connect() as connection:
        found = await connection.execute(text(query), {"asked": "SELECT count(*) FROM generate%"})
        return bool(found.scalar_one())


async def test_postgres_keeps_rows_through_kill_and_restart(postgres: PrivatePostgres) -> None:
    engine = create_async_engine(postgres.url)
    await _store(engine, 1)
    # A backend in the middle of a query does not notice by itself that its parent is gone.
    busy = asyncio.create_task(_busy(engine))
    await until(lambda: _is_asked(engine), "a long query being under way")
    members = family(process(postgres.pid))

    await asyncio.to_thread(postgres.kill)

    await busy
    assert not any(member.alive() for member in members)
    assert not answers("127.0.0.1", postgres.port)
    await engine.dispose()
    await asyncio.to_thread(postgres.start)
    await _store(engine, 2)
    await engine.dispose()
    await asyncio.to_thread(postgres.restart)
    assert await _numbers(engine) == [1, 2]
    await engine.dispose()


async def _publish(url: str, body: bytes) -> None:
    connection = await connect(url, "footfall tests")
    async with connection, connection.channel() as channel:
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "stream"})
        await channel.default_exchange.publish(aio_pika.Message(body), QUEUE, mandatory=True)


async def _publish_when_back(url: str, body: bytes) -> None:
    # A node takes connections a moment before its streams have a leader again.
    async with asyncio.timeout(30):
        while True:
            try:
                return await _publish(url, body)
            except (AMQPError, LogUnavailable, TimeoutError):
                await asyncio.sleep(0.1)


async def _read(url: str, count: int) -> list[bytes]:
    connection = await connect(url, "footfall tests")
    bodies: asyncio.Queue[bytes] = asyncio.Queue()

    async def keep(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        bodies.put_nowait(message.body)
        await message.ack()

    async with connection, connection.channel() as channel:
        await channel.set_qos(prefetch_count=10)
        queue = await channel.get_queue(QUEUE, ensure=False)
        await queue.consume(keep, arguments={"x-stream-offset": "first"})
        async with asyncio.timeout(30):
            return [await bodies.get() for _ in range(count)]


@pytest.mark.parametrize("end", [PrivateRabbitMQ.kill, PrivateRabbitMQ.stop])
async def test_rabbitmq_keeps_a_stream(
    rabbitmq: PrivateRabbitMQ, end: Callable[[PrivateRabbitMQ], None]
) -> None:
    await _publish(rabbitmq.url, b"before")
    await asyncio.to_thread(rabbitmq.wait_until_streams_are_registered)
    members = family(process(rabbitmq.pid))

    await asyncio.to_thread(end, rabbitmq)

    assert not any(member.alive() for member in members)
    assert not answers("127.0.0.1", rabbitmq.port)
    await asyncio.to_thread(rabbitmq.start)
    await _publish_when_back(rabbitmq.url, b"after")
    assert await _read(rabbitmq.url, 2) == [b"before", b"after"]
