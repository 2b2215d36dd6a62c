"""The same time for many that wait."""

import asyncio

import pytest

from web.patience import Patience


async def wait_in(patience: Patience, condition: asyncio.Event) -> bool:
    """Whether it came about in time."""
    try:
        with patience.wait():
            await condition.wait()
    except TimeoutError:
        return False
    return True


async def test_who_waits_for_too_long_is_told_and_others_are_not() -> None:
    patience, never, soon = Patience(0.05), asyncio.Event(), asyncio.Event()
    waits = [asyncio.create_task(wait_in(patience, never)) for _ in range(3)]
    waits.append(asyncio.create_task(wait_in(patience, soon)))
    await asyncio.sleep(0)
    soon.set()
    assert await asyncio.gather(*waits) == [False, False, False, True]


async def test_each_has_all_of_the_time_whoever_else_waits() -> None:
    patience, never = Patience(0.1), asyncio.Event()
    began = asyncio.get_running_loop().time()
    first = asyncio.create_task(wait_in(patience, never))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(wait_in(patience, never))
    assert not await first
    assert not second.done()
    assert not await second
    assert asyncio.get_running_loop().time() - began >= 0.15 - 0.01
    # And later ones, when nobody has waited for a while.
    assert not await wait_in(patience, never)


async def test_a_task_that_is_cancelled_by_others_stays_cancelled() -> None:
    task = asyncio.create_task(wait_in(Patience(10), asyncio.Event()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_meanwhile_goes_through() -> None:
    patience = Patience(0.05)
    with pytest.raises(ZeroDivisionError):
        with patience.wait():
            raise ZeroDivisionError
    with patience.wait():
        pass
    # What was over in time is not cancelled later.
    await asyncio.sleep(0.1)
