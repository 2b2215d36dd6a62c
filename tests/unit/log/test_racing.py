"""The first who answers."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from log.rabbitmq.racing import first

LONG = 60.0


class Runners:
    """Who was asked, and what was thrown away."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.discarded: list[str] = []

    def __getitem__(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        return partial(self._run, name)

    async def _run(self, name: str) -> str:
        self.asked.append(name)
        try:
            if "silent" in name:
                await asyncio.sleep(LONG)
            if "fails" in name:
                raise ValueError(name)
        except asyncio.CancelledError:
            self.ended.append(name)
            if "stubborn" not in name:
                raise
        return name

    async def discard(self, name: str) -> None:
        self.discarded.append(name)

    async def first(self, *names: str, pause: float = LONG) -> str:
        async with asyncio.timeout(LONG / 2):
            return await first([self[name] for name in names], pause, self.discard)


@pytest.fixture
def runners() -> Runners:
    return Runners()


async def test_who_answers_is_the_only_one_who_is_asked(runners: Runners) -> None:
    assert await runners.first("one", "two") == "one"
    assert runners.asked == ["one"]


async def test_after_a_failure_the_next_is_asked_at_once(runners: Runners) -> None:
    assert await runners.first("fails", "fails too", "three") == "three"


async def test_who_is_silent_is_not_waited_for_alone_and_let_go_in_the_end(
    runners: Runners,
) -> None:
    assert await runners.first("silent", "silent too", "three", pause=0.01) == "three"
    assert runners.ended == ["silent", "silent too"]
    assert not runners.discarded


async def test_where_all_fail_the_first_of_them_says_why(runners: Runners) -> None:
    with pytest.raises(ValueError, match="fails first"):
        await runners.first("fails first", "fails", "fails last")


async def test_what_comes_too_late_is_discarded(runners: Runners) -> None:
    assert await runners.first("silent and stubborn", "two", pause=0.01) == "two"
    assert runners.discarded == ["silent and stubborn"]


async def test_who_gives_up_ends_them_all(runners: Runners) -> None:
    asking = asyncio.create_task(runners.first("silent", "silent and stubborn", pause=0))
    while len(runners.asked) < 2:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert runners.ended == ["silent", "silent and stubborn"]
    assert runners.discarded == ["silent and stubborn"]
