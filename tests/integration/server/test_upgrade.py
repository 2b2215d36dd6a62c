"""An Upgrade that nobody takes changes nothing."""

import asyncio
from collections.abc import Callable

import pytest

from tests.integration.server.doors import BODY, Door, chunked, post, statuses

UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    "with keep-alive": b"Connection: keep-alive, Upgrade\r\nuPGRADE: anything/1\r\n",
}


@pytest.mark.parametrize("headers", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("request_of", [post, chunked])
async def test_an_upgrade_that_is_not_taken_changes_nothing(
    door: Door, request_of: Callable[..., bytes], headers: bytes
) -> None:
    client = await door.connect()
    await client.send(request_of(headers=headers) + request_of(b"second") + post(b""))
    assert statuses(await client.answers(3)) == [200, 200, 200]
    assert door.bodies == [BODY, b"second", b""]


async def test_it_does_not_matter_how_bytes_arrive(door: Door) -> None:
    data = chunked(headers=UPGRADES["h2c"]) + post(b"second")
    client = await door.connect()
    for byte in data:
        client.writer.write(bytes([byte]))
        await asyncio.sleep(0)
        await client.writer.drain()
    assert statuses(await client.answers(2)) == [200, 200]
    assert door.bodies == [BODY, b"second"]
