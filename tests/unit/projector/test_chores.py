"""Chores beside the fold: one that fails keeps nobody from the next."""

import asyncio

import pytest

from domain.errors import JobTaken, StoreUnavailable
from projector.housekeeping.loop import keep_house


@pytest.mark.parametrize("error", [StoreUnavailable("must be owner"), ValueError("unforeseen")])
async def test_a_chore_that_fails_leaves_the_others_theirs(error: Exception) -> None:
    stop, done = asyncio.Event(), []

    async def failing() -> None:
        done.append("failing")
        raise error

    async def next_one() -> None:
        done.append("next")
        if len(done) == 4:
            stop.set()

    async with asyncio.timeout(10):
        await keep_house([failing, next_one], 0.001, 0.001, stop)
    assert done == ["failing", "next", "failing", "next"]


async def test_what_another_process_does_is_left_to_it_whole() -> None:
    stop, done = asyncio.Event(), []

    async def taken() -> None:
        done.append("taken")
        if len(done) == 2:
            stop.set()
        raise JobTaken("another does it")

    async def never() -> None:
        done.append("never")

    async with asyncio.timeout(10):
        await keep_house([taken, never], 0.001, 0.001, stop)
    assert done == ["taken", "taken"]
