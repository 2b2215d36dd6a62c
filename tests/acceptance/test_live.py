"""The log's end is shown to whoever looks, before anything is folded, and followed no longer."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.key_secrets import SECRET, id_of
from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.servers import address, family, process

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

_ESTABLISHED = "01"


async def view(client: httpx.AsyncClient, *pages: str) -> None:
    for page in pages:
        at = datetime.now(UTC).isoformat()
        found = await client.post("/page-views/single", json={"page": page, "timestamp": at})
        assert found.status_code == 202, found.text


class Looking:
    """A stream that is open, and what it has told: each event with its moment."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.told: list[dict[str, Any]] = []
        self.moments: list[float] = []
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for line in self.response.aiter_lines():
            if line.startswith("data: "):
                self.told.append(json.loads(line[6:]))
                self.moments.append(time.monotonic())

    @property
    def last(self) -> dict[str, Any]:
        return self.told[-1] if self.told else {}

    async def until_told(self, views: int | None, state: str = "following") -> dict[str, Any]:
        async def told() -> bool:
            return (self.last.get("views"), self.last.get("state")) == (views, state)

        await until(told, f"{views} views {state}")
        return self.last


@asynccontextmanager
async def looking(client: httpx.AsyncClient, **query: str) -> AsyncIterator[Looking]:
    async with client.stream(
        "GET", "/stats/live/events", params=query, timeout=httpx.Timeout(60, pool=20)
    ) as response:
        assert response.status_code == 200, response.status_code
        assert response.headers["content-type"] == "text/event-stream"
        found = Looking(response)
        try:
            yield found
        finally:
            found.reading.cancel()
            await asyncio.wait({found.reading})


@asynccontextmanager
async def served(
    settings: Settings, *roles: str
) -> AsyncIterator[Sequence[tuple[Role, httpx.AsyncClient]]]:
    async with AsyncExitStack() as stack:
        found = []
        for name in roles:
            role = await stack.enter_async_context(Role(settings, name))
            await role.serving()
            many = httpx.Limits(max_connections=None)
            client = httpx.AsyncClient(base_url=role.url, timeout=20, limits=many)
            found.append((role, await stack.enter_async_context(client)))
        yield found
        for role, _ in found:
            assert await role.stop() == 0
            assert "Traceback" not in role.log()


async def following(client: httpx.AsyncClient) -> bool:
    lines = (await client.get("/metrics")).text.splitlines()
    return "footfall_live_following 1.0" in lines


async def test_views_are_live_within_a_moment_and_before_they_are_folded(
    backend: Settings,
) -> None:
    async with served(backend, "ingest", "read-api") as ((_, ingest), (_, read)):
        await view(ingest, "a.example/1", "a.example/2", "b.example/1")
        async with looking(read) as everything, looking(read, site="b.example") as one:
            await everything.until_told(3)
            assert (await one.until_told(1))["latest"][0]["page"] == "b.example/1"
            began = time.monotonic()
            await view(ingest, "b.example/2")
            await everything.until_told(4)
            assert everything.moments[-1] - began < 3
            await one.until_told(2)
            assert (await read.get("/stats/live", params={"page": "a.example/1"})).json()[
                "views"
            ] == 1
            counted = await read.get("/stats/views", params={"period": "24h"})
            assert counted.json()["total"] == 0
        async with Role(backend, "projector") as projector:
            await projector.start()

            async def folded() -> bool:
                found = await read.get("/stats/views", params={"period": "24h"})
                return bool(found.json()["total"] == 4)

            await until(folded, "the fold")
        assert (await read.get("/stats/live")).json()["views"] == 4


async def test_the_log_is_followed_while_somebody_looks_and_no_longer(backend: Settings) -> None:
    async with served(backend, "read-api") as ((role, read),):
        assert not await following(read)
        assert not held_of_the_log(role, backend)
        async with looking(read) as first, looking(read) as second:
            await first.until_told(0)
            await second.until_told(0)
            assert await following(read)
            assert held_of_the_log(role, backend) == 1

        async def let_go() -> bool:
            return not await following(read) and not held_of_the_log(role, backend)

        await until(let_go, "the log being let go of")


def held_of_the_log(role: Role, settings: Settings) -> int:
    """How often the processes of a role have its file open, or connections to its broker."""
    assert role.process is not None
    members = family(process(role.process.pid))
    opened = [link for member in members for link in _opened(member.pid)]
    if settings.rabbitmq_url is None:
        return opened.count(str(settings.log_file))
    return len(_connected(address(settings.rabbitmq_url)[1]).intersection(opened))


def _opened(pid: int) -> Iterator[str]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            yield os.readlink(each)


def _connected(port: int) -> set[str]:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return {
        f"socket:[{each[9]}]"
        for each in fields
        if each[3] == _ESTABLISHED and int(each[2].rpartition(":")[2], 16) == port
    }


async def test_pages_are_named_as_the_rows_name_them(backend: Settings) -> None:
    settings = replace(backend, page_rules="strip-query")
    # A generation takes up the rules as long as nothing was folded into it.
    assert (await footfall(settings, "migrate"))[0] == 0
    async with served(settings, "ingest", "read-api") as ((_, ingest), (_, read)):
        async with looking(read, page="a.example/1?utm=mail") as live:
            await view(ingest, "a.example/1?utm=1", "a.example/1", "a.example/2")
            found = await live.until_told(2)
            assert {row["page"] for row in found["latest"]} == {"a.example/1"}


async def test_past_views_that_are_brought_along_do_not_look_live(backend: Settings) -> None:
    async with served(backend, "ingest", "read-api") as ((_, ingest), (_, read)):
        old = {"a.example/1": {"2025-07-16T10:00:00Z": 5}}
        assert (await ingest.post("/page-views/multi", json=old)).status_code == 202
        await view(ingest, "a.example/1")

        async def told() -> bool:
            found = (await read.get("/stats/live")).json()
            return (found["views"], found["state"]) == (1, "following")

        await until(told, "one view live")


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_a_read_api_that_does_not_reach_the_log_answers_all_else(
    production: Settings,
) -> None:
    settings = replace(production, rabbitmq_url=None)
    async with served(settings, "read-api") as ((_, read),):
        found = (await read.get("/stats/live")).json()
        assert (found["state"], found["views"]) == ("unknown", None)
        assert "The log is not reached from here" in found["notes"][1]
        assert str(settings.data_dir) not in found["notes"][1]
        assert (await read.get("/stats/views")).json()["total"] == 0
        async with looking(read) as live:
            await live.until_told(None, "unknown")
        assert (await read.get("/ready")).status_code == 200


@pytest.mark.parametrize("verb", ["up", "read-api"])
async def test_a_process_with_open_streams_ends_at_once(backend: Settings, verb: str) -> None:
    async with served(backend, verb) as ((role, client),):
        async with looking(client) as first, looking(client) as second:
            await first.until_told(0)
            began = time.monotonic()
            stopping = asyncio.create_task(role.stop())
            for each in (first, second):
                # They end whole: a client that is cut off raises.
                await asyncio.wait_for(each.reading, 10)
            assert await stopping == 0
            assert time.monotonic() - began < 8


async def test_streams_are_bounded_and_who_is_too_many_is_told_to_poll(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    async with served(settings, "up") as ((_, client),), AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(looking(client)) for _ in range(200)]
        late = await client.get("/stats/live/events")
        assert (late.status_code, late.headers["retry-after"]) == (503, "5")
        await view(client, "a.example/1")
        for stream in streams:
            await stream.until_told(1)
        assert (await client.get("/stats/live")).json()["views"] == 1


async def test_a_stream_ends_when_its_key_is_withdrawn(tmp_path: Path) -> None:
    settings = replace(embedded(tmp_path), keys_file=tmp_path / "keys")
    code, out, err = await footfall(settings, "key", "new", "--right", "read")
    assert code == 0, err
    secret = next(word for word in out.split() if SECRET.fullmatch(word))
    async with served(settings, "up") as ((_, client),):
        assert (await client.get("/stats/live/events")).status_code == 401
        client.headers["authorization"] = f"Bearer {secret}"
        async with looking(client) as live:
            await live.until_told(0)
            code, out, err = await footfall(settings, "key", "revoke", id_of(secret))
            assert code == 0, err
            await asyncio.wait_for(live.reading, 40)
