"""What is set aside stays countable: the same in every rebuild, and once when it is retried."""

import asyncio

import pytest
from sqlalchemy import func, select

from cli.wiring.process import now_ms
from domain.errors import Fenced, RebuildError
from domain.events import Entry, Epoch, Offset, PageViewed, Partition
from domain.hours import HOUR_MS, hour_of
from domain.letters import BEGINNING_BYTES, MAX_BYTES, MAX_LETTERS, Retried
from domain.page_rules import NO_RULES
from domain.ports.common import Clock
from domain.projection import DeadLetter, Delta, project
from domain.wire import encode
from projector.letters import LetterBox, NoLetter
from projector.rebuild.promotion import promote
from rows.fold.dead_letters import SqlDeadLetters
from rows.fold.store import SqlProjectionStore
from rows.postgresql import months
from rows.tables import dead_letters
from tests.contract.rebuild.site import FIRST, MONTH_MS, ONE, PAGE, SECOND, TWO, Site
from tests.factories import TEN, batch, entry, event

EARLY_MS = 3 * HOUR_MS


def box(site: Site, clock: Clock = now_ms) -> LetterBox:
    return LetterBox(SqlDeadLetters(site.engine, clock), site.log)


def later() -> int:
    """A clock of a time when what lies `EARLY_MS` ahead now is past."""
    return now_ms() + EARLY_MS + HOUR_MS


async def set_aside(site: Site, partition: Partition = ONE, producer: str = "early") -> Entry:
    """A batch of an ingest whose clock is three hours ahead, appended twice and folded."""
    cut = batch(event(PAGE, count=7), producer=producer, at_ms=now_ms() + EARLY_MS)
    for _ in range(2):
        await site.log.append(partition, encode(cut))
    end = (await site.log.bounds(partition)).end
    await site.fold()
    return Entry(Offset(end - 2), encode(cut))


def counted(site: Site, views: int = 7) -> None:
    site.expected[PAGE, hour_of(TEN)] += views


async def kinds(site: Site) -> dict[tuple[int, int], str | None]:
    found = await SqlDeadLetters(site.engine, now_ms).page(1_000)
    return {(one.partition, one.offset): one.kind for one in found.letters}


async def prove(site: Site) -> None:
    """Reports, totals, and a rebuild at a time when the clock would decide otherwise."""
    await site.assert_exact()
    site.store, site.bulk = (
        SqlProjectionStore(site.engine, later, bulk=bulk) for bulk in (False, True)
    )
    info = await site.build()
    assert await site.differing(info.generation) == 0
    await site.generations.drop(info.generation)


async def test_what_a_clock_set_aside_is_set_aside_by_every_rebuild(site: Site) -> None:
    await site.append(ONE, event())
    place = await set_aside(site)
    await site.append(ONE, event())
    await site.fold()
    assert await kinds(site) == {(ONE, place.offset): "clock"}
    await prove(site)
    # So it is by one that is promoted, and in what comes after.
    info = await site.build()
    await promote(site.generations, site.log, site.epoch, info.generation, 0)
    assert await kinds(site) == {(ONE, place.offset): "clock"}
    await prove(site)


async def test_a_rebuild_that_is_ahead_decides_and_the_live_one_is_compared_by_that(
    site: Site,
) -> None:
    await site.append(ONE, event())
    await site.fold()
    cut = batch(event(PAGE, count=7), producer="early", at_ms=now_ms() + EARLY_MS)
    await site.log.append(ONE, encode(cut))
    info = await site.build()
    assert await site.differing(info.generation) == 0


async def test_retried_once_the_clock_is_right_it_is_counted_once_and_by_rebuilds(
    site: Site,
) -> None:
    await site.append(ONE, event())
    place = await set_aside(site)
    await site.append(ONE, event())
    await site.fold()
    early = await box(site).retry(site.epoch, ONE, place.offset)
    assert "one of the clocks is wrong" in (early.reason or "")
    await site.assert_exact()
    assert await box(site, later).retry(site.epoch, ONE, place.offset) == Retried(
        ONE, place.offset, 1, 7
    )
    counted(site)
    await site.fold()
    assert await kinds(site) == {}
    with pytest.raises(NoLetter, match="footfall dead-letters list"):
        await box(site, later).retry(site.epoch, ONE, place.offset)
    await prove(site)


async def test_what_somebody_vouches_for_is_counted_whatever_the_clock_says(site: Site) -> None:
    place = await set_aside(site)
    done = await box(site).retry(site.epoch, ONE, place.offset, believing=True)
    assert (done.views, done.reason) == (7, None)
    counted(site)
    await prove(site)


async def test_of_many_who_retry_at_once_one_counts(site: Site) -> None:
    place = await set_aside(site)
    tries = [box(site).retry(site.epoch, ONE, place.offset, believing=True) for _ in range(4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(one.views for one in done if isinstance(one, Retried)) == 7
    counted(site)
    await prove(site)


async def test_who_folds_meanwhile_reads_the_totals_anew(site: Site) -> None:
    place = await set_aside(site)
    claim = await site.store.claim(ONE, Epoch(5))
    assert (await box(site).retry(site.epoch, ONE, place.offset, believing=True)).views == 7
    counted(site)
    await site.append(ONE, event())
    found = await site.log.entry_at(ONE, claim.checkpoint.next_offset)
    assert found is not None
    with pytest.raises(Fenced):
        await site.store.apply(claim.checkpoint, project([found], claim.positions))
    await site.fold(epoch=5)
    await prove(site)


async def test_who_has_lost_the_job_counts_nothing(site: Site) -> None:
    place = await set_aside(site)
    old = site.epoch
    await site.take_job()
    with pytest.raises(Fenced):
        await box(site).retry(old, ONE, place.offset, believing=True)
    assert await kinds(site) == {(ONE, place.offset): "clock"}
    await prove(site)


async def test_nothing_is_retried_while_a_generation_is_built(site: Site) -> None:
    place = await set_aside(site)
    await site.generations.begin(site.epoch, "replay", NO_RULES, {}, None)
    with pytest.raises(RebuildError, match="footfall replay --abandon"):
        await box(site).retry(site.epoch, ONE, place.offset, believing=True)
    await site.assert_exact()


async def test_the_previous_generation_counts_it_too(site: Site) -> None:
    await site.append(TWO, event())
    place = await set_aside(site)
    info = await site.build()
    await promote(site.generations, site.log, site.epoch, info.generation, 60_000)
    await box(site).retry(site.epoch, ONE, place.offset, believing=True)
    counted(site)
    await site.assert_exact()
    await site.generations.reopen(site.epoch, FIRST, "rollback")
    assert await site.differing(FIRST) == 0
    await promote(site.generations, site.log, site.epoch, FIRST, 60_000)
    await site.assert_exact()
    assert await site.states() == {1: "live", 2: "previous"}
    assert info.generation == SECOND


async def test_all_previous_generations_count_it(site: Site) -> None:
    place = await set_aside(site)
    for _ in range(2):
        info = await site.build()
        await promote(site.generations, site.log, site.epoch, info.generation, MONTH_MS)
    done = await box(site).retry(site.epoch, ONE, place.offset, believing=True)
    assert done.views == 7
    states = [info.state for info in await site.generations.all()]
    assert states == ["previous", "previous", "live"]
    for info in await site.generations.all():
        found = await site.generations.checkpoints(info.generation)
        assert found[ONE].views == 7


async def test_what_a_rebuild_would_set_aside_again_stays_with_its_reason(site: Site) -> None:
    late = batch(event(PAGE), event(PAGE, TEN + MONTH_MS), at_ms=TEN)
    await site.log.append(ONE, encode(late))
    await site.log.append(ONE, b"junk")
    await site.fold()
    done = [
        await box(site, later).retry(site.epoch, ONE, Offset(n), believing=True) for n in (0, 1)
    ]
    assert ["2025-08-16" in (done[0].reason or ""), bool(done[1].reason)] == [True, True]
    assert await kinds(site) == {(ONE, 0): "bytes", (ONE, 1): "bytes"}
    if site.postgresql:
        async with site.engine.connect() as connection:
            assert (2025, 8) not in await months.months(connection, FIRST)
    await prove(site)


async def unread(site: Site, partition: Partition, *bodies: bytes) -> None:
    """Folded by a Footfall that could not read them."""
    claim = await site.store.claim(partition, Epoch(1))
    start = claim.checkpoint.next_offset
    letters = [
        DeadLetter(Offset(start + n), "it was not read yet", body, "bytes")
        for n, body in enumerate(bodies)
    ]
    end = Offset(start + len(bodies))
    await site.store.apply(claim.checkpoint, Delta(dead_letters=letters, next_offset=end))
    for body in bodies:
        await site.log.append(partition, body)


async def test_what_can_be_read_by_now_is_counted_once_however_often_it_arrived(
    site: Site,
) -> None:
    body = entry(0, event(PAGE, count=7), sequence=1).body
    other = entry(0, event(PAGE, count=2), sequence=2).body
    await unread(site, ONE, body, body, other)
    done = await box(site).retry(site.epoch, ONE, Offset(0))
    counted(site)
    assert (done.views, await kinds(site)) == (7, {(ONE, 2): "bytes"})
    await site.assert_exact()
    # A repetition of the other one is read before it is retried: that one counts.
    await site.log.append(ONE, other)
    counted(site, 2)
    await site.fold(epoch=2)
    assert await box(site).retry(site.epoch, ONE, Offset(2)) == Retried(ONE, Offset(2))
    await prove(site)


async def test_a_repetition_that_arrives_after_the_retry_is_known(site: Site) -> None:
    body = entry(0, event(PAGE, count=7), sequence=1).body
    await unread(site, ONE, body)
    await box(site).retry(site.epoch, ONE, Offset(0))
    counted(site)
    await site.log.append(ONE, body)
    await site.fold(epoch=2)
    await prove(site)


async def test_a_flood_is_counted_and_a_bounded_part_of_it_kept(site: Site) -> None:
    sizes = [100] * 700 + [2_000] * 700 + [0] * 300
    whole = MAX_BYTES + MAX_LETTERS * BEGINNING_BYTES
    for start in range(0, len(sizes), 200):
        for size in sizes[start : start + 200]:
            await site.log.append(ONE, b"\x00" * size)
        await site.fold()
    async with site.engine.connect() as connection:
        found = await connection.execute(
            select(func.count(), func.sum(func.length(dead_letters.c.body)))
        )
        kept, size = found.one()
    assert kept == MAX_LETTERS
    assert size <= whole
    counts = await SqlDeadLetters(site.engine, now_ms).counts()
    assert (counts.letters, counts.size) == (len(sizes), sum(sizes))
    assert counts.left_out == len(sizes) - MAX_LETTERS
    assert (counts.by_clock, counts.by_kind) == (0, {"bytes": MAX_LETTERS})
    (left,) = (await SqlDeadLetters(site.engine, now_ms).page(10)).left_out
    assert (left.first, left.last) == (MAX_LETTERS, len(sizes) - 1)
    await prove(site)


async def test_of_what_a_clock_set_aside_beyond_that_the_offsets_stay(site: Site) -> None:
    claim = await site.store.claim(ONE, Epoch(1))
    views = [PageViewed(PAGE, TEN, 1)]
    letters = []
    for number in range(MAX_LETTERS + 5):
        cut = batch(*views, sequence=number + 1, at_ms=now_ms() + EARLY_MS)
        await site.log.append(ONE, encode(cut))
        letters.append(DeadLetter(Offset(number), "early", encode(cut), "clock"))
    end = Offset(len(letters))
    await site.store.apply(claim.checkpoint, Delta(dead_letters=letters, next_offset=end))
    assert len((await site.store.decided(claim.checkpoint)).aside) == MAX_LETTERS + 5
    counts = await SqlDeadLetters(site.engine, now_ms).counts()
    assert (counts.by_clock, counts.by_kind) == (MAX_LETTERS + 5, {"clock": MAX_LETTERS + 5})
    # The log has what is not kept.
    done = await box(site).retry(site.epoch, ONE, Offset(MAX_LETTERS + 1), believing=True)
    assert done.views == 1
    counted(site, 1)
    await prove(site)


async def test_a_long_body_is_kept_in_part_and_read_from_the_log(site: Site) -> None:
    body = b"x" * 200_000
    await site.log.append(ONE, body)
    await site.fold()
    letter, found = await box(site).read(ONE, Offset(0))
    assert (len(letter.body), letter.size, found) == (BEGINNING_BYTES, len(body), body)
    await site.log.append(ONE, b"y")
    site.log.delete_before(ONE, 1)
    _, found = await box(site).read(ONE, Offset(0))
    assert found == body[:BEGINNING_BYTES]
    done = await box(site).retry(site.epoch, ONE, Offset(0))
    assert "does not hold it any more" in (done.reason or "")


async def test_letters_of_the_part_of_the_log_that_is_gone_go_over_to_a_new_generation(
    site: Site,
) -> None:
    await site.log.append(ONE, b"junk")
    place = await set_aside(site)
    await site.append(ONE, event(at_ms=TEN))
    await site.fold()
    site.log.delete_before(ONE, int(place.offset) + 2)
    before = await kinds(site)
    info = await site.build(carry_over=True)
    await promote(site.generations, site.log, site.epoch, info.generation, 0)
    assert (await kinds(site), len(before)) == (before, 2)
