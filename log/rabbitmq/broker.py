"""The broker itself: its connections, its streams, and its errors in our words."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import AMQPError, ChannelNotFoundEntity
from yarl import URL

from domain.errors import LogUnavailable
from domain.version import VERSION

RPC_SECONDS = 10.0
# What a connection's name begins with, and who tells its version.
PRODUCT = "footfall"
# A broker that vanished is missed after about three of these.
_HEARTBEAT_SECONDS = 10


def nodes_of(url: str) -> list[str]:
    """The URLs of the nodes that RABBITMQ_URL names, in any order."""
    nodes = url.split(",")
    random.shuffle(nodes)
    return nodes


async def connect(url: str, name: str) -> AbstractConnection:
    """A plain connection to the first node that answers, shown as `name` in the management pages.

    Not a robust one: that would consume again from the offset of the first attach after a
    reconnect, and hold publishes back long after the client has gone.
    """
    nodes = nodes_of(url)
    failures = []
    for node in nodes:
        try:
            return await connect_node(node, name, RPC_SECONDS / len(nodes))
        except LogUnavailable as error:
            failures.append(error)
    raise failures[0]


async def connect_node(node: str, name: str, patience_seconds: float) -> AbstractConnection:
    """A plain connection to the one node at `node`. Raises `LogUnavailable`."""
    found = URL(node)
    async with broker_errors():
        return await aio_pika.connect(
            found.with_query({"heartbeat": _HEARTBEAT_SECONDS, **found.query}),
            timeout=patience_seconds,
            client_properties={"connection_name": name, "product": PRODUCT, "version": VERSION},
        )


def is_lost(connection: AbstractConnection) -> bool:
    """Was the connection closed, by whom ever?"""
    # `is_closed` only tells of our own `close`: it stays False when the broker goes away.
    return not connection.connected.is_set()


@asynccontextmanager
async def broker_errors() -> AsyncIterator[None]:
    """The client library's errors as `LogUnavailable`, with their cause."""
    try:
        yield
    except ChannelNotFoundEntity as error:
        raise LogUnavailable(f"a stream is missing, run footfall migrate: {error}") from error
    except TimeoutError as error:
        raise LogUnavailable("RabbitMQ did not answer in time") from error
    except (AMQPError, OSError, RuntimeError) as error:
        raise LogUnavailable(f"RabbitMQ: {type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        # The client library cancels what waits on a connection it loses. That is not ours.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise LogUnavailable("RabbitMQ closed the connection") from error
