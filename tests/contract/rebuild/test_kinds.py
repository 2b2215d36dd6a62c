"""Partitions of a kind that is not known here: nobody folds them, and nothing waits for them."""

from domain.checkpoint import at_start
from domain.events import Offset, Partition
from rows.fold.leases import SqlLeases
from rows.tables import checkpoints, leases
from tests.contract.rebuild.site import FIRST, LEASE_MS, ONE, TWO, Site

OTHER = Partition(5)
PAGES = {Partition(0), ONE, TWO}


async def with_another_kind(site: Site) -> None:
    """Three partitions of pages, and one that a Footfall to come has begun to fold."""
    await SqlLeases(site.engine, LEASE_MS).enter(3)
    found = at_start(FIRST, OTHER, Offset(7))
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    async with site.engine.begin() as connection:
        await connection.execute(checkpoints.insert().values(fields | {"carried_offset": 0}))
        await connection.execute(
            leases.insert().values(partition=OTHER, epoch=0, expires_ms=0, kind="visitors")
        )


async def test_no_projector_is_given_one(site: Site) -> None:
    await with_another_kind(site)
    one, two = SqlLeases(site.engine, LEASE_MS), SqlLeases(site.engine, LEASE_MS)
    held = await one.tick("one", 3, draining=False)
    # Nor one that has come to its number.
    assert {*held} == PAGES == {*await one.tick("one", 3, draining=False)}
    await two.tick("two", 3, draining=False)
    assert (await one.ownership()).owners.keys() == PAGES
    surplus = await one.surplus("one")
    assert surplus == TWO
    await one.release("one", TWO)
    assert {*await two.tick("two", 3, draining=False)} == {TWO}
    assert {*await two.tick("two", OTHER + 1, draining=False)} >= {TWO, Partition(3), Partition(4)}
    assert OTHER not in (await two.ownership()).owners


async def test_neither_a_rebuild_nor_the_watermark_asks_about_one(site: Site) -> None:
    await with_another_kind(site)
    await site.append(ONE)
    await site.fold()
    assert await site.generations.partitions() == PAGES
    await site.complete({0: 30, 1: 20, 2: 40})
    (live,) = await site.generations.all()
    assert live.complete_ms == 20
