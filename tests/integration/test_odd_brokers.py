"""What stands where the broker should: each oddity is `LogUnavailable` with a sentence, in time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.output.bounds import bound_lines
from domain.errors import LogUnavailable
from domain.events import Offset, Partition
from domain.settings import Settings
from log.opening import open_log
from log.rabbitmq.channels import Channels
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.writer import RabbitLogWriter
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded, stream_prefix
from tests.odd_servers import ODDITIES, QUICK, OddServer
from tests.servers import rabbitmq_url

ONLY = Partition(0)
PASSWORD = "s3cret%2Fword"
PATIENCE_SECONDS = 1.0
# What a busy machine may add.
GRACE_SECONDS = 8.0


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("broker", "channels", "writer", "reader", "patient"):
        monkeypatch.setattr(f"log.rabbitmq.{module}.RPC_SECONDS", PATIENCE_SECONDS)


def url_of(server: OddServer) -> str:
    return f"amqp://footfall:{PASSWORD}@127.0.0.1:{server.port}/"


async def failure(ask: Callable[[], Awaitable[object]]) -> str:
    """What it says, in time, and nothing of the password."""
    began = time.monotonic()
    with pytest.raises(LogUnavailable) as caught:
        await ask()
    assert time.monotonic() - began < PATIENCE_SECONDS + GRACE_SECONDS
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("oddity", ODDITIES)
async def test_every_side_of_the_log_says_where_it_failed(oddity: str) -> None:
    with OddServer("amqp", oddity) as server:
        url = url_of(server)
        writer = RabbitLogWriter(url, "p", 1, confirm_timeout_seconds=PATIENCE_SECONDS)
        reader = RabbitLogReader(url, "p")

        async def subscribe() -> None:
            async with reader.subscribe(ONLY, Offset(0)):
                pass

        said = await asyncio.gather(
            failure(lambda: writer.append(ONLY, b"x")),
            failure(writer.ping),
            failure(reader.ping),
            failure(lambda: reader.bounds(ONLY)),
            failure(subscribe),
            failure(lambda: declare_streams(url, "p", 1)),
        )
        for sentence in said:
            assert sentence.startswith(f"RabbitMQ at 127.0.0.1:{server.port}: "), sentence
        await writer.close()
        await reader.close()


@pytest.mark.parametrize("oddity", QUICK)
async def test_what_does_not_speak_tls_is_told_too(oddity: str) -> None:
    with OddServer("amqp", oddity) as server:
        reader = RabbitLogReader(url_of(server).replace("amqp:", "amqps:"), "p")
        said = await failure(reader.ping)
        assert any(word in said for word in ("greeting", "nobody speaks TLS", "refuses this")), said
        await reader.close()


async def test_a_broker_that_answers_nothing_is_waited_for_once_by_all_who_ask() -> None:
    with OddServer("amqp", "silence") as server:
        reader = RabbitLogReader(url_of(server), "p")
        asked = [failure(lambda: reader.bounds(ONLY)) for _ in range(20)]
        await asyncio.gather(*asked)
        assert server.met == 1
        await reader.close()


async def test_the_end_does_not_wait_for_a_connection_that_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("log.rabbitmq.broker.RPC_SECONDS", 60.0)
    with OddServer("amqp", "silence") as server:
        channels = Channels(url_of(server), "tests")
        asked = asyncio.create_task(channels.open())
        await asyncio.to_thread(lambda: until_met(server))
        async with asyncio.timeout(5):
            await channels.close()
            with pytest.raises(LogUnavailable):
                await asked


def until_met(server: OddServer) -> None:
    end = time.monotonic() + 10
    while not server.met and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.rabbitmq
@pytest.mark.parametrize("oddity", ODDITIES)
async def test_an_odd_management_api_is_passed_over(
    oddity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("log.rabbitmq.management._SECONDS", 0.3)
    monkeypatch.setattr("log.rabbitmq.broker.RPC_SECONDS", 10.0)
    async with stream_prefix() as prefix:
        await declare_streams(rabbitmq_url(), prefix, 1)
        with OddServer("http", oddity) as server:
            given = Settings(
                rabbitmq_url=rabbitmq_url(),
                rabbitmq_management_url=f"http://me:{PASSWORD}@127.0.0.1:{server.port}",
                stream_prefix=prefix,
                num_partitions=1,
            )
            lines = await bound_lines(given, open_log(given))
        assert lines[0].startswith("OK    log, retention")
        assert f"http://127.0.0.1:{server.port}" in lines[-1]
        assert "s3cret" not in "".join(lines)


VERBS = (["check"], ["status"], ["migrate"], ["replay"])


@pytest.mark.timeout(120)
async def test_every_verb_and_role_meets_a_front_without_a_broker(tmp_path: Path) -> None:
    # The rows are there already, so that each comes as far as the log.
    from cli.wiring.migrate import migrate

    settings = embedded(tmp_path)
    await migrate(settings)
    with OddServer("amqp", "accepts and closes") as server:
        odd = replace(settings, rabbitmq_url=url_of(server))
        async with Role(odd, "ingest") as ingest, Role(odd, "projector") as projector:
            await ingest.start()
            await projector.start()
            for (code, out, err), verb in zip(
                await asyncio.gather(*(footfall(odd, *verb) for verb in VERBS)), VERBS, strict=True
            ):
                assert code == 1, (verb, out, err)
                assert "Traceback" not in out + err, (verb, err)
                assert "RabbitMQ at 127.0.0.1" in out + err, (verb, out, err)
            response = await ingest.until_answering("/ready")
            assert response.status_code == 503
            assert response.json()["checks"]["log"].startswith("RabbitMQ ")
            assert "greeting" not in response.text
            async with httpx.AsyncClient(base_url=ingest.url, timeout=20) as client:
                view = {"page": "example.com/x", "timestamp": "2025-07-16T10:00:00Z"}
                response = await client.post("/page-views/single", json=view)
            assert response.status_code == 503
            assert "RabbitMQ cannot be reached" in response.json()["detail"]

            async def waiting() -> bool:
                return "waits" in projector.log()

            await until(waiting, "the projector waiting")
            began = time.monotonic()
            assert [await ingest.stop(), await projector.stop()] == [0, 0]
            assert time.monotonic() - began < 10
            for role in (ingest, projector):
                assert "Traceback" not in role.log(), role.log()
                assert "s3cret" not in role.log()
