"""A broker with limits, grants, certificates and alarms: what each does to us, and what we say."""

import asyncio
import base64
import hashlib
import json
import os
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.wiring.migrate import migrate
from domain.errors import LogUnavailable
from domain.events import Offset, Partition
from domain.ports.log import Subscription
from log.rabbitmq.broker import connect
from log.rabbitmq.management import management
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.streams import declare_streams
from log.rabbitmq.subscription import RabbitSubscription
from log.rabbitmq.writer import RabbitLogWriter
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.servers import PrivateRabbitMQ, free_port

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

ONLY = Partition(0)
PREFIX = "edge"
CHANNEL_MAX = 2
CONSUMER_TIMEOUT_SECONDS = 3.0
PASSWORD = "p@ss/w#rd"
QUOTED = "p%40ss%2Fw%23rd"


class Certificates:
    """An authority, what it signed, and what it did not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run(
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 9"
        )
        self._run(
            "req -x509 -newkey rsa:2048 -nodes -keyout o.key -out other.pem -subj /CN=o -days 9"
        )
        self.sign("server", "DNS:localhost")
        self.sign("client", "DNS:client")

    def sign(self, name: str, names: str, days: int = 9) -> None:
        self._run(
            f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        )
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self._run(
            f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} "
            f"-extfile names -out {name}.pem"
        )
        (self.folder / f"{name}.key").chmod(0o644)

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    def _run(self, command: str) -> None:
        subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, check=True, capture_output=True
        )


class EdgyRabbitMQ(PrivateRabbitMQ):
    """Few channels, a short consumer_timeout, users who may little, TLS on a port of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tls_port = free_port()
        self.certificates = Certificates(self.folder)

    def configuration(self) -> str:
        (self.folder / "definitions.json").write_text(json.dumps(_definitions()))
        return super().configuration() + "\n".join(
            [
                f"channel_max = {CHANNEL_MAX}",
                f"consumer_timeout = {CONSUMER_TIMEOUT_SECONDS * 1_000:.0f}",
                f"load_definitions = {self.folder / 'definitions.json'}",
                f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
                f"ssl_options.cacertfile = {self.certificates['ca.pem']}",
                f"ssl_options.certfile = {self.certificates['server.pem']}",
                f"ssl_options.keyfile = {self.certificates['server.key']}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
                "",
            ]
        )

    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        # How often it looks for deliveries that wait too long has no other place.
        advanced = self.folder / "advanced.config"
        advanced.write_text("[{rabbit, [{channel_tick_interval, 500}]}].\n")
        return command, {**environment, "RABBITMQ_ADVANCED_CONFIG_FILE": str(advanced)}

    def ctl(self, *arguments: str) -> None:
        """A command of rabbitmqctl."""
        tool = Path(self.binary() or "").with_name("rabbitmqctl")
        environment = {**os.environ, **self.command()[1]}
        subprocess.run([str(tool), *arguments], check=True, capture_output=True, env=environment)

    def url_of(self, user: str, path: str = "") -> str:
        return f"amqp://{user}:{QUOTED}@127.0.0.1:{self.port}{path}"

    def tls_url(self, host: str = "localhost", /, **parameters: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"amqps://guest:guest@{host}:{self.tls_port}/?{query}"


def _definitions() -> dict[str, object]:
    grants = {
        ("guest", "/"): ("", ".*", ".*", ".*"),
        ("guest", "a/b"): ("", ".*", ".*", ".*"),
        ("quoted", "/"): ("", ".*", ".*", ".*"),
        ("reader", "/"): ("", "^$", "^$", ".*"),
        ("writer", "/"): ("", "^$", ".*", "^$"),
        # As docs/scaling.md says.
        ("footfall", "/"): ("", r"^grants\.", r"^amq\.default$", r"^grants\."),
    }
    users = [*dict.fromkeys(user for user, _ in grants), "stranger"]
    return {
        "users": [
            {
                "name": user,
                "password_hash": _hashed("guest" if user == "guest" else PASSWORD),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "administrator",
            }
            for user in users
        ],
        "vhosts": [{"name": "/"}, {"name": "a/b"}],
        "permissions": [
            {"user": user, "vhost": host, "configure": may[1], "write": may[2], "read": may[3]}
            for (user, host), may in grants.items()
        ],
    }


def _hashed(password: str) -> str:
    salt = b"salt"
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[EdgyRabbitMQ]:
    with EdgyRabbitMQ() as server:
        yield server


@asynccontextmanager
async def both(
    url: str, prefix: str, partitions: int = 1
) -> AsyncIterator[tuple[RabbitLogWriter, RabbitLogReader]]:
    writer = RabbitLogWriter(url, prefix, partitions, confirm_timeout_seconds=2)
    reader = RabbitLogReader(url, prefix)
    try:
        yield writer, reader
    finally:
        await writer.close()
        await reader.close()


async def test_few_channels_take_more_connections(rabbitmq: EdgyRabbitMQ) -> None:
    partitions = 2 * CHANNEL_MAX + 1
    await declare_streams(rabbitmq.url, "few", partitions)
    async with both(rabbitmq.url, "few", partitions) as (writer, reader):

        async def read(partition: Partition) -> None:
            async with reader.subscribe(partition, Offset(0)) as subscription:
                await writer.append(partition, b"x")
                assert len(await subscription.take(10, 10)) == 1
                await writer.ping()
                assert (await reader.bounds(partition)).end == 1
                assert not await subscription.take(10, 0.1)

        await asyncio.gather(*(read(Partition(p)) for p in range(partitions)))


async def test_a_quiet_partition_is_read_on_and_on(rabbitmq: EdgyRabbitMQ) -> None:
    await declare_streams(rabbitmq.url, "quiet", 1)
    async with both(rabbitmq.url, "quiet") as (writer, reader):
        await writer.append(ONLY, b"before")
        async with reader.subscribe(ONLY, Offset(0)) as subscription:
            assert len(await subscription.take(10, 10)) == 1
            end = time.monotonic() + CONSUMER_TIMEOUT_SECONDS + 3
            while time.monotonic() < end:
                assert not await subscription.take(10, 0.25)
            await writer.append(ONLY, b"after")
            assert [entry.body for entry in await subscription.take(10, 10)] == [b"after"]


async def test_a_reader_that_takes_nothing_hears_why_it_is_cut_off(rabbitmq: EdgyRabbitMQ) -> None:
    await declare_streams(rabbitmq.url, "slow", 1)
    async with both(rabbitmq.url, "slow") as (writer, reader):
        await writer.append(ONLY, b"x")
        async with reader.subscribe(ONLY, Offset(0)) as subscription:
            # What was delivered is not taken, as where a commit hangs.
            await until_ended(subscription)
            assert len(await subscription.take(10, 0)) == 1
            with pytest.raises(LogUnavailable, match=r"slow\.0: .*timed out"):
                await subscription.take(10, 5)
        async with reader.subscribe(ONLY, Offset(0)) as subscription:
            assert len(await subscription.take(10, 10)) == 1


async def until_ended(subscription: Subscription) -> None:
    assert isinstance(subscription, RabbitSubscription)
    found = subscription

    async def ended() -> bool:
        return bool(found.ended)

    await until(ended, "the broker closing the channel")


@pytest.mark.parametrize("path", ["", "/", "//", "/%2F", "/%2f", "/%252F"])
async def test_the_default_virtual_host_has_many_names(rabbitmq: EdgyRabbitMQ, path: str) -> None:
    connection = await connect(rabbitmq.url_of("quoted", path), "tests")
    await connection.close()


async def test_a_slash_in_a_virtual_host_is_encoded(rabbitmq: EdgyRabbitMQ) -> None:
    connection = await connect(rabbitmq.url.rstrip("/") + "/a%2Fb", "tests")
    await connection.close()


@pytest.mark.parametrize(
    ("user", "path", "says"),
    [
        ("quoted", "/nope", "the virtual host 'nope' of RABBITMQ_URL is refused"),
        ("stranger", "/", "the virtual host '/' of RABBITMQ_URL is refused"),
        ("unknown", "/", "the user 'unknown' of RABBITMQ_URL is refused"),
    ],
)
async def test_who_may_not_enter_is_told_why(
    rabbitmq: EdgyRabbitMQ, user: str, path: str, says: str
) -> None:
    with pytest.raises(LogUnavailable) as caught:
        await connect(rabbitmq.url_of(user, path), "tests")
    assert says in str(caught.value)
    for secret in (PASSWORD, QUOTED):
        assert secret not in str(caught.value)


async def test_a_grant_that_is_missing_is_named(rabbitmq: EdgyRabbitMQ) -> None:
    await declare_streams(rabbitmq.url, "grants", 1)
    async with both(rabbitmq.url_of("reader"), "grants") as (writer, reader):
        assert (await reader.bounds(ONLY)).end == 0
        for ask in (writer.append(ONLY, b"x"), writer.ping()):
            with pytest.raises(LogUnavailable, match=r"needs write on amq.default"):
                await ask
    async with both(rabbitmq.url_of("writer"), "grants") as (writer, reader):
        await writer.append(ONLY, b"x")
        await writer.ping()
        with pytest.raises(LogUnavailable, match="needs read on"):
            await reader.bounds(ONLY)
        with pytest.raises(LogUnavailable, match="needs configure on"):
            await declare_streams(rabbitmq.url_of("writer"), "grants", 2)
    await declare_streams(rabbitmq.url_of("footfall"), "grants", 2)
    async with both(rabbitmq.url_of("footfall"), "grants", 2) as (writer, reader):
        await writer.append(Partition(1), b"x")
        await writer.ping()
        assert (await reader.bounds(Partition(1))).end == 1


async def test_certificates(rabbitmq: EdgyRabbitMQ) -> None:
    found = rabbitmq.certificates
    ours = {"certfile": found["client.pem"], "keyfile": found["client.key"]}
    for good in (
        rabbitmq.tls_url(cafile=found["ca.pem"], **ours),
        rabbitmq.tls_url("127.0.0.1", no_verify_ssl=1, **ours),
    ):
        connection = await connect(good, "tests")
        await connection.close()
    for bad, says in [
        (rabbitmq.tls_url(**ours), "name the file of the authority that signed it"),
        (rabbitmq.tls_url(cafile=found["other.pem"], **ours), "name the file of the authority"),
        (rabbitmq.tls_url("127.0.0.1", cafile=found["ca.pem"], **ours), "it must name 127.0.0.1"),
        (rabbitmq.tls_url(cafile=found["ca.pem"]), "client certificate"),
        (rabbitmq.tls_url(cafile="/nowhere.pem"), "cafile /nowhere.pem"),
        (rabbitmq.tls_url(cafile=found["ca.key"]), "holds no certificates"),
        (
            rabbitmq.tls_url(certfile=found["client.pem"], keyfile=found["ca.key"]),
            "are no certificate and its key",
        ),
        (rabbitmq.url.replace("amqp:", "amqps:"), "nobody speaks TLS there"),
    ]:
        with pytest.raises(LogUnavailable) as caught:
            await connect(bad, "tests")
        assert says in str(caught.value), (bad, str(caught.value))


async def test_a_certificate_that_has_expired_is_told(tmp_path: Path) -> None:
    found = Certificates(tmp_path)
    found.sign("old", "DNS:localhost", days=-1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(found["old.pem"], found["old.key"])
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(LogUnavailable, match="expired: renew it on the broker"):
        await connect(f"amqps://localhost:{port}/?cafile={found['ca.pem']}", "tests")
    server.close()


async def test_the_management_api_is_trusted_as_the_broker_is(tmp_path: Path) -> None:
    found = Certificates(tmp_path)
    found.sign("api", "DNS:localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(found["api.pem"], found["api.key"])

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"rabbitmq_version":"3.10.8"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", ssl=context)
    base = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    async with management(f"amqps://localhost/?cafile={found['ca.pem']}", base) as api:
        assert await api.version() == "3.10.8"
    with pytest.raises(LogUnavailable, match="certificate"):
        async with management("amqps://localhost/", base) as api:
            await api.version()
    server.close()


async def test_an_alarm_is_named_and_its_end_is_noticed(
    rabbitmq: EdgyRabbitMQ, tmp_path: Path
) -> None:
    settings = replace(embedded(tmp_path), rabbitmq_url=rabbitmq.url, stream_prefix="alarm")
    await migrate(settings)
    view = {"page": "example.com/x", "timestamp": "2025-07-16T10:00:00Z"}
    async with (
        Role(settings, "ingest") as ingest,
        httpx.AsyncClient(base_url=ingest.url, timeout=20) as client,
    ):
        await ingest.serving()
        assert (await client.post("/page-views/single", json=view)).status_code == 202
        await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "0.00001")
        try:

            async def said() -> str:
                return str((await client.get("/ready")).json()["checks"]["log"])

            async def blocked() -> bool:
                return "low on memory" in await said()

            await until(blocked, "/ready naming the alarm")
            # Of every partition, appended to before or not.
            others = [{**view, "page": f"example.com/{number}"} for number in range(8)]
            posts = (client.post("/page-views/single", json=each) for each in [view, *others])
            for response in await asyncio.gather(*posts):
                assert response.status_code == 503
                assert "low on memory" in response.json()["detail"]
            code, out, _ = await footfall(settings, "check")
            assert code == 1
            assert "ERROR log, appending (RabbitMQ): RabbitMQ takes no messages" in out
            assert "OK    log, reading" in out
        finally:
            await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "absolute", "1GB")

        async def appended() -> bool:
            return (await client.post("/page-views/single", json=view)).status_code == 202

        await until(appended, "views being appended again")
        assert await said() == "ok"
        assert "Traceback" not in ingest.log()
