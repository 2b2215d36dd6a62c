"""How long a real broker keeps streams: by argument, by policy, with and without its API."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiormq.abc import ArgumentsType

from cli.output import bounds
from domain.errors import LogUnavailable
from domain.settings import Settings
from log.opening import open_log
from log.rabbitmq.broker import connected
from log.rabbitmq.streams import declare_streams
from tests.acceptance.processes import until
from tests.servers import PrivateRabbitMQ, answers, free_port, wait_for

pytestmark = [pytest.mark.private_servers, pytest.mark.timeout(180)]

NOWHERE = "http://127.0.0.1:9"


class ManagedRabbitMQ(PrivateRabbitMQ):
    """With the management API on a port of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.management_port = free_port()

    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].")
        with (self.folder / "rabbitmq.conf").open("a") as file:
            file.write(
                f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
            )
        return command, environment

    def run(self, command: str) -> None:
        """A command as check prints it."""
        tool = Path(self.binary() or "").with_name("rabbitmqctl")
        subprocess.run(
            command.replace("rabbitmqctl", str(tool), 1),
            shell=True,
            check=True,
            capture_output=True,
            env={**os.environ, **super().command()[1]},
        )


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[ManagedRabbitMQ]:
    with ManagedRabbitMQ() as server:
        wait_for(lambda: answers("127.0.0.1", server.management_port), "the management API")
        yield server


def settings(rabbitmq: ManagedRabbitMQ, prefix: str, days: int) -> Settings:
    return Settings(
        rabbitmq_url=rabbitmq.url,
        rabbitmq_management_url=f"http://127.0.0.1:{rabbitmq.management_port}",
        stream_prefix=prefix,
        num_partitions=2,
        retention_days=days,
    )


async def bound_lines(given: Settings) -> Sequence[str]:
    return await bounds.bound_lines(given, open_log(given))


async def test_the_command_that_is_printed_mends_it(rabbitmq: ManagedRabbitMQ) -> None:
    given = settings(rabbitmq, "a.b-c", 400)
    await declare_streams(rabbitmq.url, given.stream_prefix, 2)
    (line,) = await bound_lines(given)
    assert line.startswith("WARN  log, retention (2 streams, a.b-c.0 …): kept for ever")
    rabbitmq.run(line.partition("402D: ")[2])
    await _until_said(given, "OK    log, retention (RabbitMQ keeps streams 402D)")

    (line,) = await bound_lines(replace(given, retention_days=0))
    rabbitmq.run(line.partition("for ever: ")[2])
    await _until_said(
        replace(given, retention_days=0), "OK    log, retention (RabbitMQ keeps streams for ever)"
    )


async def test_a_declared_bound_is_overruled_by_the_policy(rabbitmq: ManagedRabbitMQ) -> None:
    given = settings(rabbitmq, "declared", 0)
    await declare_streams(rabbitmq.url, given.stream_prefix, 2, "402D")
    (line,) = await bound_lines(given)
    assert "kept 402D, RETENTION_DAYS=0 means for ever" in line
    rabbitmq.run(line.partition("for ever: ")[2])
    await _until_said(given, "OK    log, retention (RabbitMQ keeps streams for ever)")


@pytest.mark.parametrize(
    ("declared", "days", "says"),
    [
        (None, 0, "OK    log, retention (RabbitMQ keeps streams for ever)"),
        ("402D", 400, "OK    log, retention (RabbitMQ keeps streams 402D)"),
        ("402D", 0, "WARN  log, retention (2 streams, {}.0 …): kept 402D"),
        (None, 400, "WARN  log, retention (2 streams, {}.0 …): kept for ever"),
        ("3D", 400, "WARN  log, retention (2 streams, {}.0 …): kept 3D"),
    ],
)
async def test_without_the_api_the_declaration_is_seen_and_no_policy(
    rabbitmq: ManagedRabbitMQ, declared: str | None, days: int, says: str
) -> None:
    given = replace(
        settings(rabbitmq, f"amqp-{declared}-{days}", days), rabbitmq_management_url=NOWHERE
    )
    await declare_streams(rabbitmq.url, given.stream_prefix, 2, declared)
    line, note = await bound_lines(given)
    assert line.startswith(says.format(given.stream_prefix))
    assert note.startswith("NOTE  log, retention: a policy cannot be seen, the management API")


@pytest.mark.parametrize("api", [True, False], ids=["with the API", "over AMQP only"])
@pytest.mark.parametrize(
    ("declared", "days", "says"),
    [
        (None, 0, ["OK    log, retention", "WARN  log, segments"]),
        ("402D", 400, ["OK    log, retention", "WARN  log, segments"]),
        (None, 400, ["WARN  log, retention", "WARN  log, segments"]),
        ("3D", 400, ["WARN  log, retention", "WARN  log, segments"]),
        ("402D", 0, ["WARN  log, retention", "WARN  log, segments"]),
    ],
)
async def test_streams_of_released_versions_go_on_and_their_large_segments_are_told(
    rabbitmq: ManagedRabbitMQ, api: bool, declared: str | None, days: int, says: list[str]
) -> None:
    given = settings(rabbitmq, f"old-{api}-{declared}-{days}", days)
    if not api:
        given = replace(given, rabbitmq_management_url=NOWHERE)
    await declare_as_released(rabbitmq.url, given.stream_prefix, declared)
    await declare_streams(rabbitmq.url, given.stream_prefix, 2, declared)
    retention, segments, *_ = await bound_lines(given)
    assert [retention[:20], segments[:19]] == says
    assert f"(2 streams, {given.stream_prefix}.0 …): up to 64 MB each" in segments


async def test_the_command_for_segments_mends_all_at_once(rabbitmq: ManagedRabbitMQ) -> None:
    given = settings(rabbitmq, "old.b-c", 400)
    await declare_as_released(rabbitmq.url, given.stream_prefix, None)
    *_, line = await bound_lines(given)
    rabbitmq.run(line[line.index("rabbitmqctl") :])
    await _until_said(given, "OK    log, retention (RabbitMQ keeps streams 402D)")


async def declare_as_released(url: str, prefix: str, max_age: str | None) -> None:
    """Two streams, as 0.1.0 and 0.2.0 declared them."""
    arguments: dict[str, str | int] = {
        "x-queue-type": "stream",
        "x-stream-max-segment-size-bytes": 64_000_000,
    }
    aged: ArgumentsType = {**arguments, "x-max-age": max_age} if max_age else {**arguments}
    async with connected(url, "footfall tests") as connection, connection.channel() as channel:
        for number in range(2):
            await channel.declare_queue(f"{prefix}.{number}", durable=True, arguments=aged)


async def test_a_stream_that_differs_otherwise_is_an_error(rabbitmq: ManagedRabbitMQ) -> None:
    given = replace(settings(rabbitmq, "odd", 400), rabbitmq_management_url=NOWHERE)
    arguments: ArgumentsType = {"x-queue-type": "stream", "x-max-length-bytes": 1_000_000}
    async with connected(rabbitmq.url, "footfall tests") as connection:
        assert re.match(r"\d+\.\d+\.", connection.version)
        async with connection.channel() as channel:
            await channel.declare_queue("odd.0", durable=True, arguments=arguments)
    with pytest.raises(LogUnavailable, match=r"odd\.0 is not as Footfall declares it"):
        await bound_lines(given)


async def test_on_how_many_nodes_a_stream_was_made_is_no_difference(
    rabbitmq: ManagedRabbitMQ,
) -> None:
    given = replace(settings(rabbitmq, "sized", 400), rabbitmq_management_url=NOWHERE)
    await declare_streams(rabbitmq.url, given.stream_prefix, 2, "402D", replicas=1)
    line, _ = await bound_lines(given)
    assert line.startswith("OK    log, retention")


async def test_streams_that_stand_stay_as_they_are(rabbitmq: ManagedRabbitMQ) -> None:
    await declare_streams(rabbitmq.url, "stays", 2, "402D")
    await declare_streams(rabbitmq.url, "stays", 2, "10D")
    (line,) = await bound_lines(settings(rabbitmq, "stays", 400))
    assert line.startswith("OK")


async def test_a_stream_that_is_missing_is_an_error_and_stays_missing(
    rabbitmq: ManagedRabbitMQ,
) -> None:
    for _ in range(2):
        with pytest.raises(LogUnavailable, match="run footfall migrate"):
            await bound_lines(settings(rabbitmq, "missing", 400))


async def _until_said(given: Settings, line: str) -> None:
    # The API's figures of a queue are some seconds old.
    async def said() -> bool:
        return list(await bound_lines(given)) == [line]

    await until(said, line)
