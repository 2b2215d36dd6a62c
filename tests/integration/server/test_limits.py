"""What a client may take of time and connections, with short limits."""

import asyncio
import logging
import resource

import pytest

from cli.processes.server import most_connections
from tests.acceptance.processes import until as until_awaited
from tests.integration.server.doors import (
    BODY,
    SHORT,
    Client,
    Door,
    chunked,
    post,
    serving,
    statuses,
    until,
)
from web.server.limits import Limits

SILENT = {
    "nothing": b"",
    "half a head": b"POST /echo HTTP/1.1\r\nHost:",
    "a head without its body": post()[: -len(BODY)],
    "chunks without an end": chunked()[:-5],
    "a body that nobody reads": b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    "a body that drips": post(b"x" * 100)[:-90],
}


async def test_many_silent_connections_go_in_time_and_hold_up_nobody(door: Door) -> None:
    silent = [await door.connect() for _ in range(40) for _ in SILENT]
    for client, data in zip(silent, list(SILENT.values()) * 40, strict=True):
        await client.send(data)
    began = asyncio.get_running_loop().time()
    other = await door.connect()
    await other.send(post())
    assert statuses(await other.answers(1)) == [200]
    assert asyncio.get_running_loop().time() - began < 3
    ends = await asyncio.gather(*(client.rest() for client in silent))
    assert asyncio.get_running_loop().time() - began < 10
    # Whoever waits for an answer is told, whoever asked for nothing is not.
    assert [statuses(end) for end in ends[:6]] == [[], [408], [408], [408], [200], [408]]
    await other.send(post())
    assert statuses(await other.answers(1)) == [200]


async def test_empty_lines_are_no_beginning(door: Door) -> None:
    client = await door.connect()
    await until_awaited(lambda: _closed(client, b"\r\n"), "the end of the connection", 5)


async def test_an_answer_that_nobody_takes_in_is_given_up(door: Door) -> None:
    client = await door.connect()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    await until_awaited(lambda: _closed(client), "the end of the connection", 8)


async def _closed(client: Client, data: bytes = b"x") -> bool:
    if client.writer.is_closing():
        return True
    try:
        await client.send(data)
    except OSError:
        return True
    return client.writer.is_closing()


async def test_beyond_the_limit_the_idle_make_room_and_the_busy_stay() -> None:
    async with serving(SHORT._replace(connections=5)) as door:
        idle = [await door.connect() for _ in range(5)]
        # What has begun and may never end is no request yet.
        await idle[4].send(b"POST /echo HTTP/1.1\r\n")
        busy = [await door.connect() for _ in range(5)]
        door.released.clear()
        for client in busy:
            await client.send(post())
        await until(lambda: len(door.bodies) == 5, "five requests under way")
        assert [await client.rest() for client in idle] == [b""] * 5
        for refused in (await door.talk(), await door.talk(post() * 1_000)):
            assert statuses(refused) == [503]
            assert b"retry-after: 1" in refused
        door.released.set()
        for client in busy:
            assert statuses(await client.answers(1)) == [200]


def test_connections_leave_descriptors_for_all_else() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most_connections() < max(soft, Limits().connections + 1)


async def test_what_strangers_do_is_one_line_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            await door.talk(b"x\r\n")
            client = await door.connect()
            await client.send(post() * 2)
            client.writer.transport.abort()
        await until(lambda: "no HTTP" in caplog.text, "a summary")
        await until(lambda: not door.crowd.present, "all being gone")
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert not any(record.exc_info for record in caplog.records)
