"""A loop that does not turn is told of, once, with where it stands."""

import asyncio
import time
from collections.abc import Callable

import pytest

from cli.processes.turning import BLOCKED_LOOKS, told_when_blocked
from tests.acceptance.processes import until

LOOK_SECONDS = 0.05


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == "cli.processes.turning"
    ]


def wait_where_nothing_turns(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done() and time.monotonic() < end:
        time.sleep(0.01)


async def test_a_block_is_told_with_where_it_stands_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with told_when_blocked(LOOK_SECONDS):
        wait_where_nothing_turns(lambda: bool(said(caplog)))

        async def went_on() -> bool:
            return len(said(caplog)) > 1

        await until(went_on, "its end being told")
    blocked, over = said(caplog)
    assert blocked.startswith("the event loop has not turned for 0.2 s, nothing is answered")
    assert "cli/test_turning.py:" in blocked
    assert "wait_where_nothing_turns < " in blocked
    assert "\n" not in blocked
    assert over.startswith("the event loop goes on, after about ")


async def test_a_block_that_lasts_is_told_once_and_one_soon_after_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with told_when_blocked(LOOK_SECONDS):
        for _ in range(2):
            time.sleep(10 * BLOCKED_LOOKS * LOOK_SECONDS / 4)  # noqa: ASYNC251
            turned = asyncio.Event()
            asyncio.get_running_loop().call_later(4 * LOOK_SECONDS, turned.set)
            await turned.wait()
    assert len([line for line in said(caplog) if "has not turned" in line]) == 1


async def test_a_loop_that_turns_is_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    with told_when_blocked(2 * LOOK_SECONDS):
        end = time.monotonic() + 4 * BLOCKED_LOOKS * LOOK_SECONDS
        while time.monotonic() < end:
            await asyncio.sleep(0)
    assert said(caplog) == []
