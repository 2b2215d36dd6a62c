"""Whether what was confirmed is folded: in the live generation, whichever that is."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event as engine_event

from cli.wiring.process import now_ms
from domain.errors import StoreUnavailable
from domain.events import Partition
from domain.hours import MAX_AHEAD_MS
from domain.receipts import Receipt, receipt_text
from domain.wire import decode
from rows.engine import open_engine
from rows.reports import receipts as receipts_module
from rows.reports.receipts import AT_ONCE, SqlReceipts
from tests.contract.rebuild.site import FIRST, ONE, SECOND, TWO, Site
from tests.factories import TEN, event

LATER = TEN + MAX_AHEAD_MS


@pytest.fixture
async def receipts(site: Site) -> AsyncIterator[SqlReceipts]:
    engine = open_engine(site.url, read_only=True)
    yield SqlReceipts(engine)
    await engine.dispose()


def receipt(**sequences: int) -> Receipt:
    """Of producers p1 and p2, who append to partitions 1 and 2."""
    return Receipt(TEN, {(Partition(int(name[1:])), name): n for name, n in sequences.items()})


async def test_it_is_once_all_of_it_is(site: Site, receipts: SqlReceipts) -> None:
    for partition in (ONE, TWO, ONE):
        await site.append(partition)
    wanted = [receipt(p1=1), receipt(p1=3), receipt(p1=1, p2=2), receipt(p1=3, p2=2)]
    found = [[await receipts.folded(one) for one in wanted]]
    for partition, until in ((ONE, 1), (TWO, 1), (ONE, 2)):
        await site.fold(partition, until=until)
        found.append([await receipts.folded(one) for one in wanted])
    assert found == [
        [False, False, False, False],
        [True, False, False, False],
        [True, False, True, False],
        [True, True, True, True],
    ]


async def test_what_the_log_did_not_take_is_not_folded(site: Site, receipts: SqlReceipts) -> None:
    await site.append(ONE)
    await site.fold()
    taken = {(ONE, "p1"): 1}
    assert await receipts.folded(Receipt(TEN, taken))
    for other in ((ONE, "p2"), (TWO, "p1"), (Partition(2**31 - 1), "p1")):
        assert not await receipts.folded(Receipt(TEN, {**taken, other: 1}))


@pytest.mark.parametrize("dropped", [True, False])
async def test_without_its_position_the_partition_has_to_be_complete_an_hour_later(
    site: Site, receipts: SqlReceipts, dropped: bool
) -> None:
    await site.append(ONE)
    await site.fold()
    if dropped:
        await site.execute("DELETE FROM producer_positions")
    # Else its position is behind, as where a batch was set aside that is not remembered.
    taken = receipt(p1=1 if dropped else 2)
    found = []
    for moment_ms in (LATER - 1, LATER, LATER + 1):
        await site.complete({1: moment_ms, 2: LATER + 1})
        found.append(await receipts.folded(taken))
    assert found == [False, False, True]


async def test_a_moment_of_the_future_was_said_by_a_clock_that_is_set_right_since(
    site: Site, receipts: SqlReceipts
) -> None:
    await site.append(ONE)
    await site.fold()
    now = now_ms()
    await site.complete({1: now + 3 * MAX_AHEAD_MS})
    assert not await receipts.folded(Receipt(now, {(ONE, "p1"): 2}))


async def test_what_is_set_aside_is_judged(site: Site, receipts: SqlReceipts) -> None:
    await site.append(ONE, at_ms=now_ms() + 2 * MAX_AHEAD_MS)
    assert not await receipts.folded(receipt(p1=1))
    await site.fold()
    assert await receipts.folded(receipt(p1=1))


async def test_it_is_asked_in_one_statement(site: Site, receipts: SqlReceipts) -> None:
    # Two could see two generations as the live one.
    await site.append(ONE)
    await site.fold()
    asked: list[str] = []

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    engine_event.listen(receipts._engine.sync_engine, "before_cursor_execute", listen)
    assert await receipts.folded(receipt(p1=1))
    assert len([statement for statement in asked if "checkpoints" in statement]) == 1
    assert "producer_positions" in asked[-1]


async def test_many_who_ask_at_once_are_answered_by_few_statements(
    site: Site, receipts: SqlReceipts
) -> None:
    for _ in range(20):
        await site.append(ONE)
    await site.fold()
    asked: list[str] = []

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    engine_event.listen(receipts._engine.sync_engine, "before_cursor_execute", listen)
    found = await asyncio.gather(*(receipts.folded(receipt(p1=n)) for n in range(1, 41)))
    assert found == [n <= 20 for n in range(1, 41)]
    assert len([statement for statement in asked if "checkpoints" in statement]) == 2


async def test_as_many_of_the_longest_fit_into_a_statement(receipts: SqlReceipts) -> None:
    partitions, producers = 700, 60

    def of_many_partitions(first: int) -> Receipt:
        each = range(first * partitions, (first + 1) * partitions)
        return Receipt(TEN, {(Partition(n), "p"): 1 for n in each})

    def of_many_producers(first: int) -> Receipt:
        names = (f"{first * producers + n:016}" for n in range(producers))
        return Receipt(TEN, {(ONE, name): 1 for name in names})

    for longest in (of_many_partitions, of_many_producers):
        asked = [longest(number) for number in range(AT_ONCE)]
        assert all(len(receipt_text(one) or "") > 1_400 for one in asked)
        assert await asyncio.gather(*map(receipts.folded, asked)) == [False] * AT_ONCE


async def test_one_who_waits_no_more_takes_nothing_from_the_others(
    site: Site, receipts: SqlReceipts
) -> None:
    await site.append(ONE)
    await site.fold()
    one, other = (asyncio.create_task(receipts.folded(receipt(p1=1))) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert await other
    assert one.cancelled()


async def test_a_database_that_is_away_is_told_to_all_who_ask() -> None:
    nowhere = SqlReceipts(open_engine("postgresql+asyncpg://127.0.0.1:1/x"))
    found = await asyncio.gather(
        *(nowhere.folded(receipt(p1=n)) for n in (1, 2)), return_exceptions=True
    )
    assert [type(one) for one in found] == [StoreUnavailable] * 2


async def test_nobody_is_kept_by_a_database_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts_module, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = open_engine(f"postgresql+asyncpg://x@127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(StoreUnavailable, match=r"no answer within 0\.2 s"):
            await SqlReceipts(engine).folded(receipt(p1=1))
        await engine.dispose()


async def test_nothing_at_all_is_folded_wherever_the_database_is() -> None:
    nowhere = SqlReceipts(open_engine("postgresql+asyncpg://127.0.0.1:1/x"))
    assert await nowhere.folded(Receipt(TEN, {}))


async def test_what_is_folded_stays_so_through_promotion_and_rollback(
    site: Site, receipts: SqlReceipts
) -> None:
    await site.fill()
    await site.fold()
    # Of the generation before, and what comes while another one is built.
    last = {number: last_of(site, number) for number in (1, 2)}
    old = receipt(p1=last[1], p2=last[2])
    await site.build()
    assert await site.states() == {1: "live", 2: "catching-up"}
    await site.append(ONE, event("later"))
    await site.fold()
    later = receipt(p1=last_of(site, 1))
    stop, looks = asyncio.Event(), 0

    async def watch() -> None:
        nonlocal looks
        while not stop.is_set():
            assert await receipts.folded(old)
            assert await receipts.folded(later)
            looks += 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        try:
            await site.rebuild().promote(SECOND, 60_000)
            assert await site.states() == {1: "previous", 2: "live"}
            await site.append(ONE, event("latest"))
            latest = receipt(p1=last_of(site, 1))
            assert not await receipts.folded(latest)
            await site.fold(epoch=2)
            assert await receipts.folded(latest)
            await site.rebuild().reopen("rollback")
            await site.rebuild().promote(FIRST, 60_000)
            assert await receipts.folded(latest)
        finally:
            stop.set()
    assert await site.states() == {1: "live", 2: "previous"}
    assert looks > 1


async def test_a_generation_that_is_only_built_answers_for_nothing(
    site: Site, receipts: SqlReceipts
) -> None:
    await site.append(ONE)
    await site.build()
    assert not await receipts.folded(receipt(p1=1))
    await site.rebuild().promote(SECOND, 0)
    assert await receipts.folded(receipt(p1=1))


def last_of(site: Site, partition: int) -> int:
    return decode(site.log.entries[Partition(partition)][-1]).sequence
