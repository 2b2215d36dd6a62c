"""Usual requests are answered the short way, and as they would be the long way."""

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from cli.wiring.front import front_of
from domain.errors import LogUnavailable, Overloaded, Problem, RequestRefused
from domain.keys import ANYBODY, Caller, Right, public
from domain.problems import UNAUTHORIZED, Kind
from domain.settings import Settings
from tests.unit.web.front import Clock
from tests.unit.web.wire import Wire
from web.access import Access
from web.access_log import LOGGER
from web.app import create_app, route
from web.entrance import BARE, Front
from web.lock import NO_KEY, Caught
from web.problems import Answer, answer
from web.short_way import Taking, itself

PLAIN = [b"Host: stats.example"]
GOOD = b"Authorization: Bearer good"
_MADE_UP = re.compile(rb"(x-request-id: )[0-9a-f]{16}|(ms=)\d+\.\d")


class House:
    """An application with one hot route, which says what it was sent."""

    def __init__(self, front: Front = BARE, *, keys: bool = False, **others: Any) -> None:
        self.taken: list[bytes] = []
        self.noted: list[Kind] = []
        self.gone: set[str] = set()
        self.error: Exception | None = None
        self.release = asyncio.Event()
        self.release.set()
        hot = route(
            "/hot", "POST", self._long, self.noted.append, Access(Right.INGEST), take=self._whole
        )
        self.app = create_app(
            [hot],
            {},
            {},
            allowed_hosts=["stats.example"],
            noted=self.noted.append,
            lock=self._lock if keys else lambda _: ANYBODY,
            front=front,
            **others,
        )

    def _lock(self, authorization: str | None) -> Caught:
        if authorization is None:
            return NO_KEY
        name = authorization.removeprefix("Bearer ")
        if name in self.gone:
            return "it was taken away"
        return Caller(name, frozenset({Right.READ if name == "reader" else Right.INGEST}))

    def _whole(self, body: bytes) -> Taking:
        return asyncio.ensure_future(self._take(body)), itself

    async def _long(self, _: Any, receive: Any) -> Answer:
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                return await self._take(body)

    async def _take(self, body: bytes) -> Answer:
        self.taken.append(body)
        await self.release.wait()
        if self.error:
            raise self.error
        return answer({"n": len(body)}, 202, [(b"footfall-position", b"1abc")])


def post(
    headers: Iterable[bytes] = PLAIN, body: bytes = b"{}", line: bytes = b"POST /hot"
) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([line + b" HTTP/1.1", *headers, length, b"", body])


def same(answered: bytes) -> bytes:
    """But for what is made up for each request."""
    return _MADE_UP.sub(rb"\1\2*", answered)


async def test_a_usual_request_is_answered_with_one_write() -> None:
    wire = Wire(House().app)
    found = await wire.ask(post())
    assert wire.is_brief
    assert wire.pipe.written == [found]
    assert same(found) == (
        b"HTTP/1.1 202 Accepted\r\ndate: Mon, 30 Nov 2026 10:00:00 GMT\r\n"
        b"content-type: application/json\r\ncontent-length: 7\r\nfootfall-position: 1abc\r\n"
        b'x-request-id: *\r\n\r\n{"n":2}'
    )


USUAL = {
    "plain": PLAIN,
    "by an address": [b"Host: 127.0.0.1:8000"],
    "named": [*PLAIN, b"X-Request-Id: mine.1"],
    "badly named": [*PLAIN, b"X-Request-Id: a b"],
    "of a library": [*PLAIN, b"Accept: */*", b"Connection: keep-alive", b"User-Agent: x"],
    "from a proxy": [*PLAIN, b"X-Forwarded-For: 203.0.113.9"],
    "with a key": [*PLAIN, GOOD],
    "with another's key": [*PLAIN, b"Authorization: Bearer reader"],
    "with two keys": [*PLAIN, GOOD, GOOD],
}
HOUSES: dict[str, Any] = {
    "open": {},
    "with keys": {"keys": True},
    "public": {"keys": True, "nameless": public(["a.test"])},
    "limited": {"front": front_of(replace(Settings(), key_rate_limit=1, rate_limit=1))},
}


@pytest.mark.parametrize("asked", USUAL.values(), ids=USUAL)
@pytest.mark.parametrize("made", HOUSES.values(), ids=HOUSES)
async def test_the_short_way_answers_as_the_long_way_does(
    asked: list[bytes], made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch)
    short, long = House(**made), House(**made)
    if "front" in made:
        # Each has clients of its own.
        short = House(front_of(replace(Settings(), key_rate_limit=1, rate_limit=1)))
        long = House(front_of(replace(Settings(), key_rate_limit=1, rate_limit=1)))
    one, other = Wire(short.app, "203.0.113.9"), Wire(long.app, "203.0.113.9")
    for _ in range(12):
        found = await one.ask(post(asked))
        assert one.is_brief
        assert same(found) == same(await other.ask_in_two(post(asked)))
    assert short.taken == long.taken
    assert short.noted == long.noted


ERRORS = {
    "refused": RequestRefused([Problem("/page", "it is odd")]),
    "overloaded": Overloaded("too much"),
    "unconfirmed": LogUnavailable("the log is away"),
    "unforeseen": ZeroDivisionError(),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_what_goes_wrong_is_told_and_logged_the_same(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    for in_two in (False, True):
        house = House()
        house.error = error
        wire = Wire(house.app)
        ask = wire.ask_in_two if in_two else wire.ask
        caplog.clear()
        answers = [same(await ask(post([*PLAIN, b"X-Request-Id: mine"]))) for _ in range(2)]
        lines = [(r.name, r.levelname, r.getMessage(), bool(r.exc_info)) for r in caplog.records]
        told.append((answers, lines, house.noted))
    assert told[0] == told[1]


async def test_the_access_log_has_the_same_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    front = front_of(replace(Settings(), access_log=True, access_log_addresses=True))
    house = House(front, keys=True)
    wire = Wire(house.app, "203.0.113.9")
    asked = [post([*PLAIN, GOOD, b"X-Request-Id: a"]), post([*PLAIN, b"X-Request-Id: b"])]
    for data in asked:
        await wire.ask(data)
        assert wire.is_brief
        await wire.ask_in_two(data)
    lines = [_MADE_UP.sub(rb"\1\2*", r.getMessage().encode()) for r in caplog.records]
    assert len(lines) == 4
    assert (
        lines[0]
        == lines[1]
        == (b"method=POST path=/hot status=202 bytes=7 ms=* request=a key=good client=203.0.113.9")
    )
    assert lines[2] == lines[3]


async def test_a_key_that_is_taken_away_opens_nothing_any_more() -> None:
    house = House(keys=True)
    wire = Wire(house.app)
    asked = post([*PLAIN, GOOD])
    assert b" 202 " in await wire.ask(asked)
    house.gone.add("good")
    refused = await wire.ask(asked)
    assert wire.is_brief
    assert b" 401 " in refused
    assert len(house.taken) == 1
    assert house.noted == [UNAUTHORIZED]


ODD = {
    "another host": ([b"Host: evil.example"], b" 421 "),
    "two hosts": ([*PLAIN, *PLAIN], b" 400 "),
    "no host": ([], b" 400 "),
    "a page of another site": ([*PLAIN, b"Origin: https://evil.example"], b" 403 "),
    "a browser": ([*PLAIN, b"Sec-Fetch-Site: cross-site"], b" 403 "),
    "a cookie": ([*PLAIN, b"Cookie: a=b"], b" 202 "),
    "its last request": ([*PLAIN, b"Connection: close"], b" 202 "),
    "who waits for leave": ([*PLAIN, b"Expect: 100-continue"], b" 202 "),
    "who wants another protocol": ([*PLAIN, b"Connection: upgrade", b"Upgrade: h2c"], b" 202 "),
    "two lengths": ([*PLAIN, b"Content-Length: 2"], b" 400 "),
    "length and chunks": ([*PLAIN, b"Transfer-Encoding: chunked"], b" 400 "),
    "a folded header": ([*PLAIN, b"A: b\r\n c"], b" 400 "),
    "a header with a blank": ([*PLAIN, b"A b: c"], b" 400 "),
    "a bare line feed": ([*PLAIN, b"A: b\nC: d"], b" 400 "),
    "a nul": ([*PLAIN, b"A: b\0"], b" 400 "),
}


@pytest.mark.parametrize(("headers", "status"), ODD.values(), ids=ODD)
async def test_whatever_is_not_usual_goes_the_long_way(headers: list[bytes], status: bytes) -> None:
    wire = Wire(House().app)
    # The first of its kind, and one whose head is known.
    for _ in range(2):
        wire.feed(post(headers))
        assert not wire.is_brief
    async with asyncio.timeout(5):
        while status not in b"".join(wire.pipe.written):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "line",
    [b"GET /hot", b"POST /hot?a=b", b"POST /hot/", b"POST /ho%74", b"POST //hot", b"HEAD /hot"],
)
async def test_other_lines_go_the_long_way(line: bytes) -> None:
    wire = Wire(House().app)
    await wire.ask(post(line=line))
    assert not wire.is_brief


async def test_a_large_body_and_an_empty_one_go_the_long_way() -> None:
    house = House()
    wire = Wire(house.app)
    for body in (b"", b"x" * 65_537):
        assert b" 202 " in await wire.ask(post(body=body))
        assert not wire.is_brief
    assert b" 202 " in await wire.ask(post(body=b"x" * 65_536))
    assert wire.is_brief
    assert [len(body) for body in house.taken] == [0, 65_537, 65_536]


async def test_a_large_head_goes_the_long_way_and_is_refused_there() -> None:
    wire = Wire(House().app)
    assert b" 202 " in await wire.ask(post([*PLAIN, b"A: " + b"a" * 3_000]))
    assert not wire.is_brief
    wire.feed(post([*PLAIN, b"A: " + b"a" * 40_000]))
    assert b" 431 " in wire.pipe.written[-1]


async def test_who_sends_no_more_is_answered_first() -> None:
    house = House()
    house.release.clear()
    wire = Wire(house.app)
    wire.feed(post())
    assert wire.connection.eof_received()
    await asyncio.sleep(0)
    assert not wire.pipe.closed
    house.release.set()
    assert b" 202 " in await wire.answered(1)
    assert wire.pipe.closed


async def test_many_heads_are_forgotten_and_answered_all_the_same() -> None:
    wire = Wire(House().app)
    for number in [*range(600), 0, 599]:
        assert b" 202 " in await wire.ask(post([*PLAIN, b"Traceparent: %d" % number]))
        assert wire.is_brief


async def test_what_is_sent_ahead_is_answered_in_its_turn() -> None:
    house = House()
    house.release.clear()
    wire = Wire(house.app)
    wire.feed(post(body=b"1"))
    wire.feed(post(body=b"22") + post(body=b"333")[:9])
    await asyncio.sleep(0)
    assert house.taken == [b"1"]
    house.release.set()
    await wire.answered(2)
    wire.feed(post(body=b"333")[9:])
    found = await wire.answered(3)
    assert re.findall(rb'{"n":(\d)}', found) == [b"1", b"2", b"3"]


async def test_who_is_gone_is_told_nothing_and_was_counted() -> None:
    house = House()
    house.release.clear()
    wire = Wire(house.app)
    wire.feed(post())
    await asyncio.sleep(0)
    wire.pipe.closed = True
    wire.connection.connection_lost(None)
    house.release.set()
    async with asyncio.timeout(5):
        while wire.state.tasks:
            await asyncio.sleep(0)
    assert house.taken == [b"{}"]
    assert wire.pipe.written == []


async def test_the_last_answer_before_the_end_says_so() -> None:
    house = House()
    house.release.clear()
    wire = Wire(house.app)
    wire.feed(post())
    await asyncio.sleep(0)
    wire.connection.shutdown()
    assert not wire.pipe.closed
    house.release.set()
    assert b"\r\nconnection: close\r\n\r\n" in await wire.answered(1)
    assert wire.pipe.closed


async def test_what_the_end_cuts_off_is_answered_as_in_doubt() -> None:
    house = House()
    house.release.clear()
    wire = Wire(house.app)
    wire.feed(post())
    await asyncio.sleep(0)
    for task in wire.state.tasks:
        task.cancel()
    found = await wire.answered(1)
    assert found.startswith(b"HTTP/1.1 500 ")
    assert b'"outcome":"unknown"' in found
    assert b"\r\nconnection: close\r\n" in found
    assert wire.pipe.closed


async def test_who_takes_nothing_in_is_waited_for() -> None:
    wire = Wire(House().app)
    wire.connection.pause_writing()
    wire.feed(post())
    for _ in range(5):
        await asyncio.sleep(0)
    assert wire.pipe.written == []
    wire.connection.resume_writing()
    assert b" 202 " in await wire.answered(1)
