"""Who waits for the database, for how long, and who is not even let wait."""

import asyncio

import pytest

from domain.errors import StoreUnavailable
from rows.turns import Turns


async def test_no_more_than_the_places_work_at_once_and_each_gets_its_turn() -> None:
    turns, inside, most = Turns(3), 0, 0

    async def ask() -> None:
        nonlocal inside, most
        async with turns.taken():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(ask() for _ in range(200)))
    assert (inside, most) == (0, 3)


async def test_nobody_waits_longer_than_said() -> None:
    turns = Turns(1, seconds=0.01)
    async with turns.taken():
        with pytest.raises(StoreUnavailable, match="at once"):
            async with turns.taken():
                pass
    async with turns.taken():
        pass


async def test_beyond_those_who_may_wait_it_is_said_at_once() -> None:
    turns = Turns(1, waiting=2, seconds=60)

    async def ask() -> None:
        async with turns.taken():
            pass

    async with turns.taken():
        waiting = [asyncio.create_task(ask()) for _ in range(5)]
        done, _ = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_EXCEPTION)
        # Those before it wait on.
        assert waiting[2] in done
        assert not {waiting[0], waiting[1]} & done
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert results[:2] == [None, None]
    assert all(isinstance(found, StoreUnavailable) for found in results[2:])


async def test_one_who_goes_away_while_waiting_takes_no_place() -> None:
    turns = Turns(1, waiting=1)

    async def ask() -> None:
        async with turns.taken():
            pass

    async with turns.taken():
        task = asyncio.create_task(ask())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        other = asyncio.create_task(ask())
    await other
