"""What is refused is counted by reason: the reason is the one that was answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.wiring.web import create_web
from domain.errors import LogUnavailable
from domain.events import Hour
from domain.ports.retention import KeptFrom
from domain.problems import INVALID
from domain.reports import Facts
from domain.retention import NOTHING_PAST
from ingest.appender import Appender
from ingest.routes import routes
from read_api.metrics import metrics_route
from tests.conftest import embedded
from tests.factories import TEN
from tests.fakes import FakeLog
from tests.unit.ingest.test_routes import MULTI, SINGLE, Client
from tests.unit.web.test_door import ask
from web.app import create_app
from web.metrics import refusals_route
from web.refused import Refusals

REFUSED = 'footfall_refused_total{reason="invalid"} 1.0'
OLD = b'{"page":"a","timestamp":"2020-01-01T00:00:00Z"}'


class Ingest:
    """Its application, over a log that fails as it is told."""

    def __init__(self, kept: KeptFrom = lambda: NOTHING_PAST) -> None:
        self.log = FakeLog()
        self.refusals = Refusals(TEN)
        appender = Appender(
            self.log,
            clock=lambda: TEN,
            producer=lambda: "p1",
            draw_shard=lambda: 0,
            linger_seconds=0,
            deadline_seconds=1,
        )
        handlers = [
            *routes(appender, lambda: TEN, 1, 1.0, 30, kept, noted=self.refusals.note),
            refusals_route(self.refusals),
        ]
        self.app = create_app(handlers, {}, {}, noted=self.refusals.note)

    async def post(self, path: str, body: bytes, **headers: Any) -> str:
        """The reason in its answer."""
        client = Client(path, body, **headers)
        await client.ask(self.app)
        return str(json.loads(client.answer)["type"].removeprefix("/problems/"))


async def test_every_reason_is_counted_as_it_is_answered() -> None:
    ingest = Ingest()
    single, multi = "/page-views/single", "/page-views/multi"
    told = [
        await ingest.post(single, b"{"),
        await ingest.post(multi, b'{"a":{"no":1}}'),
        await ingest.post(single, OLD),
        await ingest.post(multi, MULTI, content_encoding="zstd"),
        await ingest.post(single, SINGLE, origin="https://elsewhere.example"),
    ]
    assert told == ["invalid", "invalid", "past-horizon", "unsupported-encoding", "cross-site"]
    assert ingest.refusals.by_reason == {
        "cross-site": 1, "invalid": 2, "past-horizon": 1, "unsupported-encoding": 1,
    }  # fmt: skip
    # What is nowhere, or asked in another way, is no view that was refused.
    await ingest.post("/elsewhere", SINGLE)
    assert (await ask(ingest.app, "GET", b"/page-views/single")).status == 405
    assert sum(ingest.refusals.by_reason.values()) == len(told)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError(), "unconfirmed"),
        (LogUnavailable("the disk is full", took_nothing=True), "unavailable"),
    ],
)
async def test_what_the_log_did_not_take_is_counted(error: Exception, reason: str) -> None:
    ingest = Ingest()
    ingest.log.failures.append(error)
    assert await ingest.post("/page-views/single", SINGLE) == reason
    assert ingest.refusals.by_reason == {reason: 1}
    client = Client("/page-views/single", SINGLE)
    assert await client.ask(ingest.app) == 202
    assert ingest.refusals.by_reason == {reason: 1}


async def test_what_nobody_foresaw_is_counted_as_it_is_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> Hour:
        raise ZeroDivisionError

    ingest = Ingest(broken)
    assert await ingest.post("/page-views/single", SINGLE) == "failed"
    assert ingest.refusals.by_reason == {"failed": 1}
    assert "failed: ZeroDivisionError" in caplog.text


async def test_ingest_tells_it_as_a_metric() -> None:
    ingest = Ingest()
    await ingest.post("/page-views/single", b"{")
    found = await ask(ingest.app, "GET", b"/metrics")
    assert found.headers[b"content-type"].startswith(b"text/plain")
    assert REFUSED in found.body.decode().splitlines()


async def test_it_stands_beside_the_other_metrics_where_one_process_is_all() -> None:
    refusals = Refusals(TEN)
    refusals.note(INVALID)

    async def facts() -> Facts:
        return Facts(1, 0, 0, [], [])

    for noted, told in ((refusals, True), (None, False)):
        app = create_app([metrics_route(facts, noted)], {}, {})
        lines = (await ask(app, "GET", b"/metrics")).body.decode().splitlines()
        assert "footfall_live_generation 1.0" in lines
        assert (REFUSED in lines) is told


@pytest.mark.parametrize("ingest", [True, False])
async def test_the_state_tells_it_where_one_process_is_all(tmp_path: Path, ingest: bool) -> None:
    app = create_web(embedded(tmp_path), ingest=ingest, read_api=True)
    async with app.lifespan():
        client = Client("/page-views/single", b"{", host="127.0.0.1")
        assert await client.ask(app) == (400 if ingest else 404)
        refused = json.loads((await ask(app, "GET", b"/stats/state")).body)["refused"]
    assert (refused and refused["by_reason"]) == ({"invalid": 1} if ingest else None)


async def test_an_ingest_of_its_own_has_metrics(tmp_path: Path) -> None:
    app = create_web(embedded(tmp_path), ingest=True, read_api=False)
    async with app.lifespan():
        assert await Client("/page-views/single", b"{", host="127.0.0.1").ask(app) == 400
        assert REFUSED in (await ask(app, "GET", b"/metrics")).body.decode().splitlines()
