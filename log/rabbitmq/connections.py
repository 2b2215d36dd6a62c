"""Which processes are connected to the broker, as its management API tells."""

import logging
from collections.abc import Sequence
from typing import Any

from domain.errors import LogUnavailable
from domain.processes import Process
from domain.shown import address
from log.rabbitmq.broker import PRODUCT
from log.rabbitmq.management import management, places

logger = logging.getLogger(__name__)


async def read_connections(url: str, management_url: str) -> Sequence[Process]:
    """Those of ours, by role; none where no API answers, which is logged."""
    reason = ""
    for node, base in places(url, management_url):
        try:
            async with management(node, base) as api:
                return _processes(await api.get("connections", "", list[dict[str, Any]]))
        except LogUnavailable as error:
            reason = reason or str(error)
    logger.warning("RABBITMQ_MANAGEMENT_URL does not tell who is connected: %s", reason)
    return []


def _processes(found: list[dict[str, Any]]) -> Sequence[Process]:
    return sorted(filter(None, map(_process, found)), key=lambda one: (one.role, one.place))


def _process(connection: dict[str, Any]) -> Process | None:
    told = connection.get("client_properties")
    if not isinstance(told, dict):
        return None
    product, _, role = str(told.get("connection_name", "")).partition(" ")
    if product != PRODUCT or not role:
        return None
    # Up to 0.2.0 the client library told its own version there.
    version = str(told.get("version")) if told.get("product") == PRODUCT else None
    return Process(role, version, address(connection.get("peer_host"), connection.get("peer_port")))
