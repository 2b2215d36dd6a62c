"""Which processes are connected to the broker, as its management API tells."""

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx
import msgspec

from domain.processes import Process
from log.rabbitmq.broker import PRODUCT

logger = logging.getLogger(__name__)

_SECONDS = 5.0


async def read_connections(url: str, management_url: str) -> Sequence[Process]:
    """Those of ours, by role; none where the API does not answer, which is logged."""
    parts = urlsplit(url.partition(",")[0])
    login = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    host = quote(unquote(parts.path.removeprefix("/")) or "/", safe="")
    try:
        # No proxy of the environment: it would be asked even for loopback.
        async with httpx.AsyncClient(
            base_url=management_url,
            auth=None if urlsplit(management_url).username else login,
            timeout=_SECONDS,
            trust_env=False,
        ) as client:
            answer = await client.get(f"/api/vhosts/{host}/connections")
            answer.raise_for_status()
            found = msgspec.json.decode(answer.content, type=list[dict[str, Any]])
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        reason = type(error).__name__
        logger.warning("RABBITMQ_MANAGEMENT_URL does not tell who is connected: %s", reason)
        return []
    return sorted(filter(None, map(_process, found)), key=lambda one: (one.role, one.place))


def _process(connection: dict[str, Any]) -> Process | None:
    told = connection.get("client_properties") or {}
    product, _, role = str(told.get("connection_name", "")).partition(" ")
    if product != PRODUCT or not role:
        return None
    # Up to 0.2.0 the client library told its own version there.
    version = str(told.get("version")) if told.get("product") == PRODUCT else None
    return Process(role, version, f"{connection.get('peer_host')}:{connection.get('peer_port')}")
