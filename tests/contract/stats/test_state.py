"""What is known of the rows' trust, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, update

from domain.checkpoint import Checkpoint
from domain.errors import StoreUnavailable
from domain.events import Epoch, Generation, Offset, Partition
from domain.stats.state import UNHELD, State
from rows.checkpoints import columns_of
from rows.database import clock_ms
from rows.reports.facts import SqlMetricsReader
from rows.tables import audits, checkpoints, dead_letters, generations, leases, retention, troubles
from tests.contract.stats.site import ONE, TWO, Site

LEASE_MS = 60_000
_FILLED = (audits, checkpoints, dead_letters, leases, troubles)


def row(partition: int, offset: int, complete_ms: int, generation: Generation = ONE) -> Any:
    return columns_of(
        Checkpoint(generation, Partition(partition), Offset(offset), Epoch(1), events=offset)
    ) | {"complete_ms": complete_ms}


@pytest.fixture
def emptied(site: Site) -> Iterator[Site]:
    yield site

    async def undo() -> None:
        async with site.engine.begin() as connection:
            for table in _FILLED:
                await connection.execute(delete(table))
            await connection.execute(delete(generations).where(generations.c.generation == TWO))
            await connection.execute(update(generations).values(complete_ms=0, state="live"))

    site.run(undo())


async def fill(site: Site, rows: list[tuple[Table, dict[str, Any]]]) -> None:
    async with site.engine.begin() as connection:
        for table, values in rows:
            await connection.execute(insert(table).values(values))


def state(site: Site) -> State:
    return site.run(SqlMetricsReader(site.reading).state())


def now_ms(site: Site) -> int:
    async def read() -> int:
        async with site.engine.connect() as connection:
            found = await connection.execute(select(clock_ms(site.engine.dialect)))
            return int(found.scalar_one())

    return site.run(read())


def lease(partition: int, owner: str | None, expires_ms: int) -> tuple[Table, dict[str, Any]]:
    return leases, {
        "partition": partition, "owner": owner, "epoch": 1, "expires_ms": expires_ms,
    }  # fmt: skip


def test_before_anything_is_folded_little_is_known(emptied: Site) -> None:
    found = state(emptied)
    assert found.watermark.generation == ONE
    assert (found.watermark.complete_ms, found.building, found.partitions) == (0, None, [])
    assert (found.facts.audits, found.facts.dead_letters) == ([], 0)


def test_all_that_is_known_is_of_one_answer(emptied: Site) -> None:
    now = now_ms(emptied)
    alive, dead = now + LEASE_MS, now - 1
    trouble = {
        "partition": 1, "owner": "one", "stopped": True, "since_ms": now, "reason": "format 3",
    }  # fmt: skip
    building = {
        "generation": TWO, "state": "loading", "purpose": "replay", "created_ms": 7,
        "page_rules": "", "carried_views": 0, "expired_views": 0, "kept_until_ms": 0,
    }  # fmt: skip
    audit = {"generation": ONE, "kind": "totals", "checked_ms": 5, "difference": -3}
    emptied.run(
        fill(
            emptied,
            [
                (generations, building),
                (checkpoints, row(0, 60, now - 10)),
                (checkpoints, row(1, 40, now - 900)),
                # Said by a clock that was set back since.
                (checkpoints, row(2, 0, now + 3_600_000)),
                (checkpoints, row(0, 40, 0, TWO)),
                (checkpoints, row(1, 10, 0, TWO)),
                lease(0, "one", alive),
                lease(1, "one", alive),
                lease(2, "two", dead),
                lease(3, None, 0),
                (troubles, trouble),
                (audits, audit),
            ],
        )
    )

    async def complete() -> None:
        async with emptied.engine.begin() as connection:
            live = generations.c.generation == ONE
            await connection.execute(update(generations).where(live).values(complete_ms=now - 900))
            await connection.execute(update(retention).values(horizon=8))

    emptied.run(complete())
    found = state(emptied)
    assert found.watermark.complete_ms == now - 900
    assert now <= found.watermark.now_ms <= now_ms(emptied)
    assert found.facts.horizon_hour == 8
    assert [(one.kind, one.difference) for one in found.facts.audits] == [("totals", -3)]
    assert found.building is not None
    assert (found.building.info.generation, found.building.progress) == (TWO, 0.5)
    partitions = {one.partition: one for one in found.partitions}
    assert [*partitions] == [0, 1, 2, 3]
    assert (partitions[Partition(0)].complete_ms, partitions[Partition(0)].trouble) == (
        now - 10, None,
    )  # fmt: skip
    stopped = partitions[Partition(1)].trouble
    assert stopped is not None
    assert (stopped.stopped, stopped.reason, stopped.since_ms) == (True, "format 3", now)
    # Nobody holds these: a projector that died, and none that ever took it.
    for number in (2, 3):
        assert partitions[Partition(number)].complete_ms == 0
        assert partitions[Partition(number)].trouble == UNHELD


def test_a_database_without_a_live_generation_says_so(emptied: Site) -> None:
    async def lose() -> None:
        async with emptied.engine.begin() as connection:
            await connection.execute(update(generations).values(state="previous"))

    emptied.run(lose())
    with pytest.raises(StoreUnavailable, match="no generation is live"):
        state(emptied)
