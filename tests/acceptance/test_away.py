"""Verbs while the broker, or nodes of it, are away: short and exact, with the right exit code."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli.wiring.migrate import migrate
from domain.settings import Settings
from tests.acceptance.processes import footfall
from tests.conftest import embedded, production_backend
from tests.ports import free_port

# What a log line, a traceback, or a message that ends in nothing looks like.
_CHATTER = re.compile(r"Traceback|aiormq|aio_pika|never retrieved|^\d{4}-|: *$", re.MULTILINE)
_PARTITIONS = 5


def gone(number: int) -> list[str]:
    return [f"amqp://guest:guest@127.0.0.1:{free_port()}/" for _ in range(number)]


@pytest.fixture
async def without(tmp_path: Path) -> Settings:
    """Rows that are there, and three nodes that are not."""
    settings = replace(embedded(tmp_path), num_partitions=_PARTITIONS)
    await migrate(settings)
    return replace(settings, rabbitmq_url=",".join(gone(3)))


@pytest.fixture
async def one_of_three(tmp_path: Path) -> AsyncIterator[Settings]:
    """A broker that is there, and two more nodes in the URL that are not."""
    async with production_backend(tmp_path) as settings:
        first, second = gone(2)
        yield replace(settings, rabbitmq_url=f"{first},{settings.rabbitmq_url},{second}")


async def lines(settings: Settings, *verb: str) -> tuple[int, list[str]]:
    """The exit code, and what it says on stdout and stderr."""
    code, out, err = await footfall(settings, *verb)
    assert not _CHATTER.search(out + err), out + err
    return code, [*out.splitlines(), *err.splitlines()]


async def test_status_says_once_that_the_broker_is_away(without: Settings) -> None:
    code, said = await lines(without, "status")
    assert code == 1
    about = [line for line in said if "refused" in line]
    assert len(about) == 1
    assert re.fullmatch(
        r"partitions 0 to 4: RabbitMQ at 127\.0\.0\.1:\d+: Connection refused", about[0]
    )


async def test_check_says_for_each_side_of_the_log_that_the_broker_is_away(
    without: Settings,
) -> None:
    code, said = await lines(without, "check")
    assert code == 1
    errors = [line.split(":")[0] for line in said if line.startswith("ERROR")]
    assert errors == ["ERROR log, reading (RabbitMQ)", "ERROR log, appending (RabbitMQ)"]


@pytest.mark.parametrize("verb", [["migrate"], ["replay"], ["verify", "--deep"]], ids=" ".join)
async def test_a_verb_that_needs_the_broker_says_one_sentence(
    without: Settings, verb: list[str]
) -> None:
    code, said = await lines(without, *verb)
    assert code == 1
    assert len(said) == 1
    assert re.fullmatch(r"footfall: RabbitMQ at 127\.0\.0\.1:\d+: Connection refused", said[0])


_ELSEWHERE = (
    ["verify"],
    ["retain"],
    ["roll-up"],
    ["dead-letters", "list"],
    ["stats", "state"],
    ["key", "list"],
)


@pytest.mark.parametrize("verb", _ELSEWHERE, ids=" ".join)
async def test_a_verb_that_needs_no_broker_does_its_work(
    without: Settings, verb: list[str]
) -> None:
    code, _ = await lines(without, *verb)
    assert code == 0


@pytest.mark.rabbitmq
@pytest.mark.postgres
@pytest.mark.timeout(120)
async def test_nodes_that_are_away_are_passed_over_without_a_word(
    one_of_three: Settings,
) -> None:
    code, said = await lines(one_of_three, "migrate")
    assert (code, len(said)) == (0, 4)
    # One of three knows of what it holds, and not whether that is all.
    code, said = await lines(one_of_three, "status")
    about = [line for line in said if "refused" in line]
    assert (code, len(about)) == (1, 1)
    assert "1 of 3 nodes of RABBITMQ_URL answered" in about[0]
