"""The management API: what it says, or why it says nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

import httpx
import msgspec

from domain.errors import LogUnavailable
from domain.setting_values import virtual_host
from domain.shown import address
from log.rabbitmq.broker import node_url
from log.rabbitmq.tls import context_of

_SECONDS = 5.0
_SCHEMES = {"amqp": ("http", 15672), "amqps": ("https", 15671)}

_Found = TypeVar("_Found")

Place = tuple[str, str | None]
"""What `management` takes: the AMQP URL of a node, and that of an API where one is named."""


class NotThere(LogUnavailable):
    """There is nothing of that name."""


class _Overview(msgspec.Struct):
    rabbitmq_version: str


class Management:
    """The API of a broker, about the virtual host that its AMQP URL names."""

    def __init__(self, client: httpx.AsyncClient, shown: str, host: str) -> None:
        self._client = client
        self._shown = shown
        self._host = quote(host, safe="")

    async def get(self, kind: str, name: str, wanted: type[_Found]) -> _Found:
        """What it says of the thing or, without a name, of all of that kind."""
        path = f"/api/{kind}/{self._host}" if name else f"/api/vhosts/{self._host}/{kind}"
        return await self.ask(f"{path}/{quote(name, safe='')}" if name else path, wanted)

    async def version(self) -> str:
        """Of the broker."""
        return (await self.ask("/api/overview", _Overview)).rabbitmq_version

    async def ask(self, path: str, wanted: type[_Found]) -> _Found:
        """What it says at a path, whatever virtual host that is of."""
        response = await self._client.get(path)
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotThere(f"the management API at {self._shown} knows no {path}")
        if response.status_code != httpx.codes.OK:
            raise LogUnavailable(f"the management API at {self._shown} says {response.status_code}")
        return msgspec.json.decode(response.content, type=wanted)


def places(url: str, management_url: str | None) -> Sequence[Place]:
    """Each API there may be.

    Those that RABBITMQ_MANAGEMENT_URL names, or one on each node.
    """
    nodes = url.split(",")
    if management_url is None:
        return [(node, None) for node in nodes]
    return [(nodes[0], each) for each in management_url.split(",")]


@asynccontextmanager
async def management(node: str, management_url: str | None) -> AsyncIterator[Management]:
    """The one at `management_url`, or at the usual port of the node.

    By https:// it is trusted as the node is. Whatever goes wrong in the block, and whatever listens
    there, is `LogUnavailable`: twice `_SECONDS` for all of it, and no word of a password.
    """
    base = management_url or _usual(node)
    parts = urlsplit(node)
    login = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    shown = f"{urlsplit(base).scheme}://{urlsplit(base).netloc.rpartition('@')[2]}"
    # Reads files.
    context = await asyncio.to_thread(context_of, node_url(node))
    try:
        # No proxy of the environment: it would be asked even for loopback.
        async with (
            asyncio.timeout(_SECONDS * 2),
            httpx.AsyncClient(
                base_url=base,
                auth=None if urlsplit(base).username else login,
                timeout=_SECONDS,
                verify=context or True,
                trust_env=False,
            ) as client,
        ):
            yield Management(client, shown, virtual_host(node))
    except LogUnavailable:
        raise
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        message = f"the management API at {shown} does not answer ({reason})"
        raise LogUnavailable(message) from error
    except TimeoutError as error:
        message = f"the management API at {shown} does not come to an end"
        raise LogUnavailable(message) from error
    except Exception as error:
        kind = type(error).__name__
        message = f"what listens at {shown} is no management API ({kind})"
        raise LogUnavailable(message) from error


def _usual(node: str) -> str:
    parts = urlsplit(node)
    scheme, port = _SCHEMES[parts.scheme]
    return f"{scheme}://{address(parts.hostname or '127.0.0.1', port)}"
