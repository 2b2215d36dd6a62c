"""What owners say of partitions they cannot fold, and how long it is believed."""

import asyncio

from domain.events import Partition
from domain.ownership import Trouble
from tests.contract.fold.site import LONG_MS, SECONDS, SHORT_MS, Database

ONE, TWO = Partition(1), Partition(2)
STOPPED = Trouble(
    stopped=True, reason="the log was \x00 replaced \N{NO ENTRY}", kind="log-went-backward"
)
WAITS = Trouble(stopped=False, reason="no leader")


async def told(database: Database) -> dict[Partition, tuple[bool, str]]:
    found = (await database.projectors[0].ownership()).troubles
    return {partition: (t.stopped, t.reason) for partition, t in found.items()}


async def test_what_an_owner_tells_everybody_sees(database: Database) -> None:
    one = database.projector()
    await one.tick()
    await one.tell({ONE: WAITS, TWO: STOPPED})
    found = await told(database)
    assert found[ONE] == (False, "no leader")
    assert found[TWO][0]
    assert found[TWO][1].startswith("the log was ")
    kinds = {p: t.kind for p, t in (await one.ownership()).troubles.items()}
    assert kinds == {ONE: None, TWO: "log-went-backward"}
    await one.tell({TWO: WAITS})
    assert await told(database) == {TWO: (False, "no leader")}
    await one.tell({})
    assert await told(database) == {}


async def test_it_keeps_when_it_began(database: Database) -> None:
    one = database.projector()
    await one.tick()
    await one.tell({ONE: WAITS})
    first = (await one.ownership()).troubles[ONE]
    assert first.since_ms > 0
    async with asyncio.timeout(SECONDS):
        while True:
            await one.tell({ONE: STOPPED, TWO: WAITS})
            found = (await one.ownership()).troubles
            assert found[ONE].since_ms == first.since_ms
            if found[TWO].since_ms > first.since_ms:
                break
            await one.tell({ONE: STOPPED})


async def test_a_dead_owner_is_not_believed(database: Database) -> None:
    one, two = database.projector(SHORT_MS), database.projector(LONG_MS)
    await one.tick()
    await one.tell({ONE: STOPPED})
    async with asyncio.timeout(SECONDS):
        while await told(database):
            await asyncio.sleep(0.02)
    # Nor is it when its partition has another owner, who may say otherwise.
    await two.tick()
    assert await told(database) == {}
    await two.tell({ONE: WAITS})
    assert await told(database) == {ONE: (False, "no leader")}
    await one.tell({})
    assert await told(database) == {ONE: (False, "no leader")}


async def test_who_leaves_or_hands_over_takes_its_word_along(database: Database) -> None:
    one, two = database.projector(), database.projector()
    await one.tick()
    await one.tell({ONE: STOPPED, TWO: STOPPED})
    await one.release(ONE)
    assert [*await told(database)] == [TWO]
    await one.leave()
    assert await told(database) == {}
    await two.tick()
    assert await told(database) == {}
