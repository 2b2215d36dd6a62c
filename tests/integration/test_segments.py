"""How streams of released versions, whose segments are large, get smaller ones."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli.output.bounds import bound_lines
from domain.errors import LogUnavailable
from domain.events import Offset, Partition
from domain.settings import Settings
from log.opening import open_log, open_reader, open_writer
from tests.acceptance.processes import until
from tests.cluster.filling import segments
from tests.cluster.nodes import Node
from tests.integration.test_stream_bounds import declare_as_released

pytestmark = [pytest.mark.machines, pytest.mark.private_servers, pytest.mark.timeout(300)]

FIRST = Partition(0)
MESSAGE = b"x" * 100_000
MORE = 60
"""Of these messages are more than one segment of the size that is declared now."""


class ConfiguredNode(Node):
    """One that reads an advanced.config."""

    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        advanced = str(self.folder / "advanced.config")
        return command, {**environment, "RABBITMQ_ADVANCED_CONFIG_FILE": advanced}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ConfiguredNode]:
    (tmp_path / "node").mkdir()
    (tmp_path / "node/advanced.config").write_text("[].\n")
    with ConfiguredNode(tmp_path / "node", management=True) as found:
        yield found


@pytest.fixture
async def settings(node: ConfiguredNode) -> Settings:
    """Streams as 0.2.0 declared them, the first with more in it than fits a small segment."""
    await declare_as_released(node.url, "old.ones", None)
    found = Settings(
        rabbitmq_url=node.url,
        rabbitmq_management_url=node.management_url,
        stream_prefix="old.ones",
        num_partitions=2,
    )
    await append(found)
    await asyncio.to_thread(node.wait_until_streams_are_registered)
    return found


async def test_the_command_of_check_makes_them_smaller_from_the_next_leader_on(
    node: ConfiguredNode, settings: Settings
) -> None:
    _, line = await bound_lines(settings, open_log(settings))
    command = shlex.split(line[line.index("rabbitmqctl ") :])
    await asyncio.to_thread(node.ctl, *command[1:])
    await append(settings)
    # Not at once: whoever leads it goes on as it began.
    assert segments(node, "old.ones.0") == 1
    await lead_anew(node)
    await append(settings)
    assert segments(node, "old.ones.0") == 3
    await assert_all_is_read(settings, 3 * MORE)


async def test_the_file_that_check_names_makes_them_smaller_whatever_they_were_declared_with(
    node: ConfiguredNode, settings: Settings
) -> None:
    advanced = node.folder / "advanced.config"
    advanced.write_text(f"[{{osiris, [{{max_segment_size_chunks, {MORE // 2}}}]}}].\n")
    await lead_anew(node)
    await append(settings)
    assert segments(node, "old.ones.0") >= 3
    await assert_all_is_read(settings, 2 * MORE)


async def append(settings: Settings) -> None:
    writer = open_writer(settings)

    async def taken() -> bool:
        with suppress(LogUnavailable):
            await writer.append(FIRST, MESSAGE)
            return True
        return False

    # A node that has just started does not have its streams yet.
    await until(taken, "the stream taking messages")
    for _ in range(MORE - 1):
        await writer.append(FIRST, MESSAGE)
    await writer.close()


async def lead_anew(node: Node) -> None:
    """As when a node is restarted in its turn."""
    await asyncio.to_thread(node.restart)


async def assert_all_is_read(settings: Settings, messages: int) -> None:
    """Across what the broker writes for itself between two segments."""
    reader = open_reader(settings)
    found = 0
    last = -1
    async with reader.subscribe(FIRST, Offset(0)) as subscription:
        while found < messages:
            for entry in await subscription.take(100, 5):
                assert last < entry.offset <= last + 2
                found, last = found + 1, entry.offset
    assert (await reader.bounds(FIRST)).end == last + 1
    await reader.close()
