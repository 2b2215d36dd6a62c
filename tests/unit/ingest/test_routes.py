"""What a request is answered, whatever its body is and however it comes."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from domain.partitioning import partition_for
from domain.receipts import Receipt, read_receipt
from ingest.appender import Appender
from ingest.requests import MAX_BODY_BYTES
from ingest.routes import routes
from tests.asgi import http_scope
from tests.factories import TEN
from tests.fakes import FakeLog
from web.app import create_app

MOMENT = "2025-07-16T10:00:00Z"
SINGLE = f'{{"page":"example.com/page","timestamp":"{MOMENT}"}}'.encode()
MULTI = f'{{"example.com/page":{{"{MOMENT}":5}}}}'.encode()
PATHS = pytest.mark.parametrize(
    ("path", "body"), [("/page-views/single", SINGLE), ("/page-views/multi", MULTI)]
)


class Client:
    """Sends `pieces`, is silent after them unless the body is `whole`, and keeps the answer."""

    def __init__(self, path: str, *pieces: bytes, whole: bool = True, **headers: str) -> None:
        self._path = path
        self._pieces = list(pieces)
        self._whole = whole
        self._headers = headers
        self.status = 0
        self.headers: dict[str, str] = {}
        self.answer = b""

    async def receive(self) -> dict[str, Any]:
        if not self._pieces:
            await asyncio.Event().wait()
        piece = self._pieces.pop(0)
        more = bool(self._pieces) or not self._whole
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        for name, value in message.get("headers", ()):
            self.headers[name.decode()] = value.decode()
        self.answer += message.get("body", b"")

    async def ask(self, app: Any) -> int:
        headers = {"host": "test"} | self._headers
        given = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        scope = http_scope("POST", self._path.encode(), given)
        await app(scope, self.receive, self.send)
        return self.status

    @property
    def kind(self) -> str:
        """The end of the `type` of the refusal."""
        assert self.headers["content-type"] == "application/problem+json"
        document = json.loads(self.answer)
        assert (document["status"], document["outcome"]) == (self.status, "none")
        return str(document["type"].removeprefix("/problems/"))


def application(log: FakeLog, deadline_seconds: float = 10) -> Any:
    appender = Appender(
        log,
        clock=lambda: TEN,
        producer=lambda: "p1",
        draw_shard=lambda: 0,
        linger_seconds=0,
        deadline_seconds=deadline_seconds,
    )
    return create_app(routes(appender, lambda: TEN, 10, deadline_seconds), {}, {})


@PATHS
@pytest.mark.parametrize("sent", [b"", b"{", b" " * 500_000])
async def test_a_body_that_does_not_arrive_is_answered_and_its_connection_closed(
    path: str, body: bytes, sent: bytes
) -> None:
    log = FakeLog()
    app = application(log, 0.05)
    silent = Client(path, *([sent] * bool(sent)), whole=False, transfer_encoding="chunked")

    assert await silent.ask(app) == 408

    assert silent.kind == "too-slow"
    assert silent.headers["connection"] == "close"
    assert b"did not arrive within 0.05 s" in silent.answer
    assert not log.entries
    assert await Client(path, body).ask(app) == 202


async def test_silent_clients_keep_no_large_body_out() -> None:
    log = FakeLog()
    app = application(log, 30)
    silent = [
        asyncio.create_task(
            Client("/page-views/multi", whole=False, transfer_encoding="chunked").ask(app)
        )
        for _ in range(20)
    ]
    await asyncio.sleep(0)

    for pieces in ([MULTI + b" " * 1_000_000], [MULTI, b" " * 1_000_000], [MULTI[:9], MULTI[9:]]):
        assert await asyncio.wait_for(Client("/page-views/multi", *pieces).ask(app), 10) == 202

    for task in silent:
        assert not task.done()
        task.cancel()
    await asyncio.gather(*silent, return_exceptions=True)


@PATHS
@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
async def test_a_packed_body_is_counted(path: str, body: bytes, name: str) -> None:
    log = FakeLog()
    packed = gzip.compress(body)
    assert await Client(path, packed, content_encoding=name).ask(application(log)) == 202
    assert log.entries


@PATHS
async def test_a_body_packed_otherwise_is_told_what_is_read(path: str, body: bytes) -> None:
    log = FakeLog()
    client = Client(path, body, content_encoding="br")
    assert await client.ask(application(log)) == 415
    assert client.kind == "unsupported-encoding"
    assert client.headers["accept-encoding"] == "gzip, identity"
    assert not log.entries


@PATHS
async def test_a_packed_body_is_bounded_by_what_it_becomes(path: str, body: bytes) -> None:
    bomb = Client(path, gzip.compress(body + b" " * MAX_BODY_BYTES), content_encoding="gzip")
    assert await bomb.ask(application(FakeLog())) == 413
    damaged = Client(path, gzip.compress(body)[:-1], content_encoding="gzip")
    assert await damaged.ask(application(FakeLog())) == 400
    assert damaged.kind == "invalid"


@PATHS
@pytest.mark.parametrize(
    "body_is",
    [
        b"[" * 1_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
        b'{"a":0,"a":{"2025-07-16T10:00:00Z":1}}',
        b'{"a":{"2025-07-16T10:00:00Z":' + b"9" * 5_000 + b"}}",
        b'{"page":"\\ud800","timestamp":"\\ud800","\\ud800":{"\\ud800":1}}',
        b"\xff\xfe{\x00}\x00",
        b"",
    ],
    ids=lambda body: repr(body)[:30],
)
async def test_no_body_is_a_fault_of_the_service(path: str, body: bytes, body_is: bytes) -> None:
    log = FakeLog()
    client = Client(path, body_is)
    assert await client.ask(application(log)) == 400
    assert client.kind == "invalid"
    assert not log.entries


async def test_a_page_given_twice_is_accepted_with_both_counts() -> None:
    log = FakeLog()
    body = f'{{"a":{{"{MOMENT}":5}},"a":{{"{MOMENT}":3,"2025-07-16T10:30:00Z":2}}}}'.encode()
    client = Client("/page-views/multi", body)
    assert await client.ask(application(log)) == 202
    assert client.answer == b'{"accepted":10}'


@PATHS
async def test_a_202_says_where_its_views_stand(path: str, body: bytes) -> None:
    log = FakeLog()
    app = application(log)
    for sequence in (1, 2):
        client = Client(path, body)
        assert await client.ask(app) == 202
        receipt = read_receipt(client.headers["footfall-position"])
        assert receipt == Receipt(TEN, {(partition_for("example.com/page", 10), "p1"): sequence})


async def test_no_view_at_all_stands_nowhere() -> None:
    client = Client("/page-views/multi", b"{}")
    assert await client.ask(application(FakeLog())) == 202
    assert read_receipt(client.headers["footfall-position"]) == Receipt(TEN, {})
