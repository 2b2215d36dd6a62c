"""GET /stats/live and its stream, of a log in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from domain.keys import ANYBODY, STRANGER, Caller, Right, public
from read_api.live import answers as answers_module
from read_api.live import events as events_module
from read_api.live import follower as follower_module
from read_api.live import following as following_module
from read_api.live import routes as routes_module
from read_api.live.openapi import EXAMPLE, SCHEMA
from read_api.live.routes import EVENTS, PATH, live_routes
from read_api.live.shapes import Live
from tests.acceptance.processes import until
from tests.asgi import http_scope
from tests.unit.read_api.live.live import Site, site
from tests.unit.read_api.stats_site import Answered
from web.app import ENDINGS, create_app


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following_module, "_QUIET_SECONDS", 0.02)
    monkeypatch.setattr(follower_module, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(events_module, "PACE_SECONDS", 0.05)
    monkeypatch.setattr(events_module, "_LEAST_SECONDS", 0.01)
    monkeypatch.setattr(answers_module, "_LEAST_SECONDS", 0.0)


class Stream(Answered):
    """A client of the stream; it goes away by `leave`."""

    def __init__(self, app: Any, query: str = "", method: str = "GET") -> None:
        super().__init__()
        self._left = asyncio.Event()
        headers = [(b"host", b"127.0.0.1"), (b"authorization", b"Bearer one")]
        scope = http_scope(method, EVENTS.encode(), headers, query.encode())
        self._task = asyncio.create_task(app(scope, self._receive, self.send))

    async def _receive(self) -> Any:
        await self._left.wait()
        return {"type": "http.disconnect"}

    @property
    def events(self) -> list[Any]:
        lines = self.body.decode().splitlines()
        return [msgspec.json.decode(line[6:]) for line in lines if line.startswith("data: ")]

    async def until_told(self, views: int, state: str = "following") -> Any:
        async def told() -> bool:
            last = self.events[-1] if self.events else {}
            return (last.get("views"), last.get("state")) == (views, state)

        await until(told, f"an event of {views} views {state}", 10)
        return self.events[-1]

    async def over(self) -> None:
        """Returns once the service has ended it."""
        await asyncio.wait_for(self._task, 10)

    async def leave(self) -> None:
        self._left.set()
        await self.over()


class Service:
    def __init__(self, its: Site) -> None:
        self.site = its
        self.caller: Caller | str = ANYBODY
        handlers = live_routes(its.follower, lambda: its.now)
        endings = [its.follower.end]
        self.app: Any = create_app(handlers, {}, {}, lock=self._lock, endings=endings)

    def _lock(self, _: str | None) -> Caller | str:
        return self.caller

    async def get(self, method: str = "GET", **query: str) -> Answered:
        found = Answered()
        headers = [(b"host", b"127.0.0.1")]
        scope = http_scope(method, PATH.encode(), headers, urlencode(query).encode())
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            return next(asked)

        await self.app(scope, receive, found.send)
        return found


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    async with site() as its:
        yield Service(its)


async def test_who_asks_once_is_told_of_the_last_half_hour() -> None:
    async with service() as its:
        await its.site.viewed("a/1", "b/1")
        found = await its.get(site="a")
        assert found.status == 200
        assert found.headers[b"cache-control"] == b"no-store"
        assert found.json == {
            "question": {"selection": {"site": "a"}, "agent": "all"},
            "since": "2025-07-16T09:31:00Z",
            "until": "2025-07-16T10:00:30Z",
            "minutes": [*[0] * 29, 1],
            "views": 1,
            "latest": [{"at": "2025-07-16T10:00:30Z", "page": "a/1", "views": 1}],
            "state": "following",
            "stands_still_since": None,
            "notes": found.json["notes"],
        }
        assert "confirmed" in found.json["notes"][0]
        msgspec.json.decode(found.body, type=Live)


def test_the_description_has_the_members_of_the_answer() -> None:
    assert {*EXAMPLE} == {*SCHEMA["properties"]} == {*SCHEMA["required"]}
    msgspec.convert(EXAMPLE, Live)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"page": "a/1", "source": "s"}, ["source"]),
        ({"page": "a/1", "site": "a"}, ["site"]),
        ({"period": "7d"}, ["period"]),
        ({"agent": "nobody"}, ["agent"]),
        ({"min-position": "x"}, ["min-position"]),
    ],
)
async def test_what_cannot_be_asked_is_refused(query: dict[str, str], faults: list[str]) -> None:
    async with service() as its:
        found = await its.get(**query)
        assert (found.status, found.faults) == (400, faults)
        assert its.site.log.readers == 0
        stream = Stream(its.app, urlencode(query))
        await stream.over()
        assert (stream.status, stream.faults) == (400, faults)


async def test_with_a_source_there_are_numbers_and_no_pages() -> None:
    async with service() as its:
        found = (await its.get(source="s")).json
        assert (found["views"], found["latest"]) == (0, [])
        assert "no pages are listed" in found["notes"][1]


async def test_a_stream_tells_at_once_and_whenever_there_is_something_new() -> None:
    async with service() as its:
        await its.site.viewed("a/1")
        stream = Stream(its.app)
        await stream.until_told(1)
        assert stream.body.startswith(b"retry: 3000\n\nevent: live\ndata: {")
        # A number of what came would tell who sees some sites how much came of others.
        assert b"\nid:" not in stream.body
        assert stream.headers[b"content-type"] == b"text/event-stream"
        assert stream.headers[b"x-accel-buffering"] == b"no"
        assert stream.headers[b"cache-control"] == b"no-store"
        await its.site.viewed("a/1", "a/2")
        await stream.until_told(3)
        await stream.leave()
        assert its.site.follower.lookers == 0
        assert not stream.whole


async def test_many_views_make_few_events() -> None:
    async with service() as its:
        stream = Stream(its.app)
        await stream.until_told(0)
        before = len(stream.events)
        for number in range(200):
            await its.site.viewed(f"a/{number}")
            await asyncio.sleep(0)
        await stream.until_told(200)
        assert len(stream.events) - before < 50
        await stream.leave()


async def test_two_who_ask_differently_hear_differently_of_one_follower() -> None:
    async with service() as its:
        one, other = Stream(its.app, "site=a"), Stream(its.app, "site=b")
        await its.site.viewed("a/1", "b/1", "b/2")
        assert (await one.until_told(1))["latest"][0]["page"] == "a/1"
        await other.until_told(2)
        assert (its.site.log.readers, its.site.follower.lookers) == (1, 2)
        await one.leave()
        await other.leave()


async def test_where_nothing_is_new_a_comment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT_SECONDS", 0.1)
    async with service() as its:
        stream = Stream(its.app)

        async def beaten() -> bool:
            return stream.pieces.count(b":\n\n") > 2

        await until(beaten, "heartbeats", 10)
        await stream.leave()


@pytest.mark.parametrize(
    "after",
    ["the key was revoked", STRANGER, ANYBODY._replace(sites=frozenset({"a"})),
     Caller("k", frozenset({Right.INGEST}))],
)  # fmt: skip
async def test_it_ends_where_the_key_opens_something_else(
    monkeypatch: pytest.MonkeyPatch, after: Caller | str
) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT_SECONDS", 0.1)
    async with service() as its:
        stream = Stream(its.app)
        await stream.until_told(0)
        its.caller = after
        await stream.over()
        assert stream.whole


async def test_it_ends_with_the_process() -> None:
    async with service() as its:
        stream = Stream(its.app)
        await stream.until_told(0)
        for end in its.app.state[ENDINGS]:
            end()
        await stream.over()
        assert stream.whole
        late = Stream(its.app)
        await late.over()
        assert late.status == 503


async def test_streams_are_bounded_and_who_is_too_many_may_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes_module, "MOST_CLIENTS", 2)
    async with service() as its:
        streams = [Stream(its.app), Stream(its.app)]
        for stream in streams:
            await stream.until_told(0)
        late = Stream(its.app)
        await late.over()
        assert (late.status, late.headers[b"retry-after"]) == (503, b"5")
        assert b"ask /stats/live" in late.body
        assert (await its.get()).status == 200
        await streams[0].leave()
        streams[0] = Stream(its.app)
        await streams[0].until_told(0)
        for stream in streams:
            await stream.leave()


async def test_who_comes_without_a_key_leaves_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes_module, "MOST_CLIENTS", 3)
    monkeypatch.setattr(routes_module, "MOST_PUBLIC", 1)
    async with service() as its:
        its.caller = public({"a"})
        first = Stream(its.app)
        await first.until_told(0)
        late = Stream(its.app)
        await late.over()
        assert (late.status, late.headers[b"retry-after"]) == (503, b"5")
        its.caller = ANYBODY
        with_key = [Stream(its.app), Stream(its.app)]
        for stream in with_key:
            await stream.until_told(0)
        await first.leave()
        its.caller = public({"a"})
        again = Stream(its.app)
        await again.until_told(0)
        for stream in (*with_key, again):
            await stream.leave()
        assert its.site.follower.lookers == its.site.follower.public_lookers == 0


async def test_a_head_opens_nothing() -> None:
    async with service() as its:
        stream = Stream(its.app, method="HEAD")
        await stream.over()
        assert (stream.status, stream.body, stream.whole) == (200, b"", True)
        assert stream.headers[b"content-type"] == b"text/event-stream"
        assert (its.site.log.readers, its.site.follower.lookers) == (0, 0)
        assert (await its.get("HEAD")).status == 200
