"""Sources and guarded pages through rebuilds: as the live fold counts them, from any beginning."""

from typing import Any

from sqlalchemy import select

from cli.wiring.process import now_ms
from domain.dimensions import MOST_VALUES
from domain.events import Generation, Hour, Offset, Partition
from domain.hours import HOUR_MS
from domain.page_rules import PageRules
from domain.wire import encode
from projector.housekeeping.audits import audit_all
from rows.jobs import RETENTION
from rows.retention.expiry import SqlExpiry
from rows.tables import dimension_views, new_pages
from tests.contract.rebuild.site import FIRST, HOUR, PARTITIONS, SECOND, Site
from tests.contract.rebuild.test_letters import EARLY_MS, box, kinds, later
from tests.factories import TEN, batch, event

FLOOD = 4
HOURS = 6


async def _flooded(site: Site, hours: range, *, tag: str = "") -> None:
    """In each hour more pages than are taken, and more sources; one page is there in all."""
    for hour in hours:
        at_ms = TEN + hour * HOUR_MS
        for number in range(PARTITIONS):
            pages = ["often", *(f"{tag}{hour}-{n}" for n in range(FLOOD))]
            for part, name in enumerate(pages):
                sent = batch(
                    event(f"Example.com/{name}", at_ms),
                    event(f"Example.com/{name}", at_ms, count=2),
                    producer=f"flood{number}{tag}",
                    sequence=hour * 100 + part + 1,
                    at_ms=at_ms,
                    agents=["Googlebot", None],
                    sources=[f"s{n}.example" for n in (part, hour)],
                    new_pages=[2, 0] if part % 2 else 2,
                )
                await site.log.append(Partition(number), encode(sent))


async def _many_sources(site: Site) -> None:
    for n in range(MOST_VALUES + 20):
        sent = batch(
            event("Example.com/", TEN), producer="s", sequence=n + 1, sources=[f"{n}.example"]
        )
        await site.log.append(Partition(0), encode(sent))


async def _known(site: Site, generation: Generation) -> set[tuple[Any, ...]]:
    table = new_pages.c
    async with site.engine.connect() as connection:
        found = await connection.execute(
            select(table.partition, table.page, table.first_hour, table.last_hour, table.site)
            .where(table.generation == generation)
        )  # fmt: skip
        return {tuple(row) for row in found}


async def _beside(site: Site, generation: Generation) -> dict[tuple[Any, ...], int]:
    table = dimension_views.c
    async with site.engine.connect() as connection:
        found = await connection.execute(
            select(
                table.site, table.view_hour, table.partition, table.value, table.agent, table.views
            ).where(table.generation == generation)
        )
        return {tuple(row[:-1]): row.views for row in found}


async def _same(site: Site, generation: Generation) -> None:
    diff = await site.rebuild().compare(await _info(site, generation))
    assert (diff.differing, diff.differing_beside) == (0, 0), (diff.largest, diff.largest_beside)
    for audit in await audit_all(site.generations, site.comparison, site.audits):
        assert not audit.is_wrong, audit
        assert audit.beside is not None


async def _info(site: Site, generation: Generation) -> Any:
    return next(info for info in await site.generations.all() if info.generation == generation)


async def test_a_rebuild_counts_and_knows_what_the_live_fold_does(site: Site) -> None:
    await _flooded(site, range(HOURS))
    await _many_sources(site)
    await site.fold()
    info = await site.build()
    assert await _known(site, FIRST) == await _known(site, SECOND)
    assert await _beside(site, FIRST) == await _beside(site, SECOND)
    await _same(site, info.generation)


async def test_what_one_side_is_ahead_is_counted_as_that_side_will(site: Site) -> None:
    await _flooded(site, range(HOURS))
    await site.fold()
    info = await site.build()
    await _flooded(site, range(HOURS - 1, HOURS + 1), tag="later")
    await _many_sources(site)
    await site.fold(Partition(0), Partition(1))
    await _same(site, info.generation)
    await site.rebuild().catch_up(info.generation)
    await _same(site, info.generation)
    await site.fold()
    assert await _known(site, FIRST) == await _known(site, SECOND)


async def test_a_difference_beside_pages_is_found_and_so_is_a_row_too_many(site: Site) -> None:
    await _flooded(site, range(2))
    await site.fold()
    info = await site.build()
    await site.execute(
        f"UPDATE dimension_views SET views = views + 1 WHERE generation = {FIRST} "
        "AND value = 's1.example' AND partition = 1 AND agent = 0"
    )
    diff = await site.rebuild().compare(info)
    assert (diff.differing, diff.differing_beside) == (0, 2)
    assert {(d.site, d.value, d.new - d.old) for d in diff.largest_beside} == {
        ("Example.com", "s1.example", -1)
    }
    audits = await audit_all(site.generations, site.comparison, site.audits)
    assert [(a.generation, a.beside and a.beside.difference) for a in audits] == [
        (FIRST, 2),
        (SECOND, 0),
    ]


async def test_a_log_without_its_beginning_gives_back_the_same_names(site: Site) -> None:
    await _flooded(site, range(30))
    await site.fold()
    cut = 5 * 27 + 3
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), cut)
    info = await site.build(carry_over=True)
    assert info.carried_before is not None
    await _same(site, info.generation)
    since = TEN // HOUR_MS + 27
    lately = {row for row in await _known(site, FIRST) if row[3] > since}
    assert lately <= await _known(site, SECOND)
    assert await _beside(site, SECOND) == await _beside(site, FIRST)


async def test_sites_are_carried_over_by_the_names_that_rules_make(site: Site) -> None:
    await _flooded(site, range(4))
    await site.fold()
    for number in range(PARTITIONS):
        site.log.delete_before(Partition(number), 16)
    info = await site.build(PageRules("lower-host"), carry_over=True)
    found = await _beside(site, SECOND)
    assert {key[0] for key in found} == {"example.com"}
    live = await _beside(site, FIRST)
    assert found == {(key[0].lower(), *key[1:]): views for key, views in live.items()}
    assert {row[4] for row in await _known(site, info.generation)} == {"example.com"}


async def test_a_promotion_folds_what_is_missing_by_the_names_it_has(site: Site) -> None:
    await _flooded(site, range(2))
    await site.fold()
    info = await site.build()
    await _flooded(site, range(2, 4))
    await _many_sources(site)
    await site.fold()
    before = await _known(site, FIRST), await _beside(site, FIRST)
    await site.rebuild().promote(info.generation, 60_000)
    assert (await _known(site, SECOND), await _beside(site, SECOND)) == before


async def test_a_dropped_generation_leaves_nothing_beside(site: Site) -> None:
    await _flooded(site, range(2))
    await site.fold()
    info = await site.build()
    await site.generations.drop(info.generation)
    assert (await _known(site, SECOND), await _beside(site, SECOND)) == (set(), {})
    assert await _beside(site, FIRST)


async def test_a_dead_letter_that_is_retried_counts_beside_pages_too(site: Site) -> None:
    await _flooded(site, range(2))
    early = batch(
        event("Example.com/early", TEN),
        producer="early",
        at_ms=now_ms() + EARLY_MS,
        sources=["early.example"],
        new_pages=1,
    )
    await site.log.append(Partition(1), encode(early))
    await site.fold()
    before = await _beside(site, FIRST)
    (offset,) = [place for _, place in await kinds(site)]
    await box(site, later).retry(site.epoch, Partition(1), Offset(offset))
    added = {key: views for key, views in (await _beside(site, FIRST)).items() if key not in before}
    assert [(key[0], key[3], views) for key, views in added.items()] == [
        ("Example.com", "early.example", 1)
    ]
    info = await site.build()
    await _same(site, info.generation)
    assert await _beside(site, SECOND) == await _beside(site, FIRST)


async def test_a_log_that_is_older_than_what_is_remembered_gives_the_same_names(site: Site) -> None:
    """In a flood one page that was new for no reason would push out another for ever."""
    seen = [(0, "old"), (1, "first"), (2, "old"), (2, "born")]
    for hour in range(22, 540, 20):
        seen += [(hour, f"flood{hour}"), (hour, "born")]
    for place, (hour, name) in enumerate(seen):
        at_ms = TEN + hour * HOUR_MS
        sent = batch(event(f"a.e/{name}", at_ms), sequence=place + 1, at_ms=at_ms, new_pages=1)
        await site.log.append(Partition(0), encode(sent))
    await site.fold()
    await _forgotten(site, Hour(HOUR + 500))
    assert "a.e/old" not in {row[1] for row in await _known(site, FIRST)}
    site.log.delete_before(Partition(0), 1)
    info = await site.build(carry_over=True)
    diff = await site.rebuild().compare(info)
    assert (diff.differing, diff.old_rows > 0) == (0, True), diff.largest


async def _forgotten(site: Site, horizon: Hour) -> None:
    """As retention does it."""
    epoch = await site.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    expiry = SqlExpiry(site.engine)
    async for _ in expiry.drop_rows(epoch, await expiry.advance(epoch, horizon)):
        pass
