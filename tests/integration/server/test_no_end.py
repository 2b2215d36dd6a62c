"""Answers that go on: until the client leaves, takes nothing any more, or the process ends."""

import asyncio

from tests.integration.server.doors import SHORT, Client, Door, get, serving, until


async def listener(door: Door) -> Client:
    client = await door.connect()
    await client.send(get("/endless"))
    await until(lambda: door.listened == 1, "the answer to begin")
    assert b"text/plain" in await client.reader.read(65_536)
    return client


async def test_whoever_sends_nothing_more_has_left(door: Door) -> None:
    client = await listener(door)
    client.writer.write_eof()
    await until(lambda: not door.listened, "the answer to end")
    assert not (await client.rest()).endswith(b"0\r\n\r\n")


async def test_whoever_is_gone_has_left(door: Door) -> None:
    client = await listener(door)
    client.writer.transport.abort()
    await until(lambda: not door.listened, "the answer to end")


async def test_whoever_takes_nothing_is_cut_off() -> None:
    async with serving(SHORT) as door:
        door.piece = b"x" * 1_000_000
        client = await door.connect()
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(get("/endless"))
        await until(lambda: door.listened == 1, "the answer to begin")
        await until(lambda: not door.listened, "the answer to end")


async def test_it_ends_with_the_process_and_is_whole() -> None:
    loop = asyncio.get_running_loop()
    async with serving(drain_seconds=60) as door:
        client = await listener(door)
        began = loop.time()
        door.stop()
        assert (await client.rest()).endswith(b"0\r\n\r\n")
    assert loop.time() - began < 10
    assert not door.listened
