"""When what waits leaves: alone at once, in company together, at the latest when it has to."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from itertools import pairwise
from typing import Any

from domain.errors import LogUnavailable
from domain.events import PageViewed, Partition
from domain.wire import MAX_EVENTS, decode
from ingest.appender import Appender
from tests.clocked import ClockedLoop, run
from tests.factories import TEN, event
from tests.fakes import FakeLog

ONE, TWO, THREE = Partition(1), Partition(2), Partition(3)
MOST = 0.020
CONFIRM = 0.003


class SlowLog(FakeLog):
    """Confirms after a while, and keeps when what left."""

    def __init__(self, confirm_seconds: float = CONFIRM) -> None:
        super().__init__()
        self.confirm_seconds = confirm_seconds
        self.left: list[tuple[int, Partition, list[str]]] = []
        self.under_way: list[Partition] = []

    async def append(self, partition: Partition, body: bytes) -> None:
        assert partition not in self.under_way
        self.under_way.append(partition)
        self.left.append((now_ms(), partition, [e.page for e in decode(body).events]))
        await asyncio.sleep(self.confirm_seconds)
        self.under_way.remove(partition)
        await super().append(partition, body)


def now_ms() -> int:
    """Since the beginning."""
    return round((asyncio.get_running_loop().time() - 1_000) * 1_000)


def appender(log: FakeLog, most_seconds: float = MOST) -> Appender:
    return Appender(
        log, clock=lambda: TEN, producer=lambda: "p1", draw_shard=lambda: 7,
        linger_seconds=most_seconds, deadline_seconds=10,
    )  # fmt: skip


def clocked(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(test)
    def on_its_clock() -> None:
        run(test())

    return on_its_clock


def left_of(log: SlowLog) -> list[tuple[int, list[str]]]:
    """When, and what, whatever the partition."""
    found: dict[int, list[str]] = {}
    for at, _, pages in log.left:
        found.setdefault(at, []).extend(pages)
    return [(at, sorted(pages)) for at, pages in sorted(found.items())]


async def at(milliseconds: float) -> None:
    await asyncio.sleep(1_000 + milliseconds / 1_000 - asyncio.get_running_loop().time())


async def at_once(log: SlowLog, one: Appender, *pages: str) -> list[Any]:
    """Several requests in one round of the loop, each of another partition."""
    sent = [one.append_one(Partition(n), event(page)) for n, page in enumerate(pages)]
    return await asyncio.gather(*sent)


@clocked
async def test_a_lone_request_waits_for_nobody() -> None:
    log = SlowLog()
    one = appender(log)
    for number in range(5):
        await one.append_one(ONE, event(str(number)))
    assert left_of(log) == [(number * 3, [str(number)]) for number in range(5)]


@clocked
async def test_what_is_heard_in_one_round_of_the_loop_leaves_together() -> None:
    log = SlowLog()
    await at_once(log, appender(log), "a", "b", "c")
    assert left_of(log) == [(0, ["a", "b", "c"])]


@clocked
async def test_those_who_wait_for_answers_before_they_ask_again_leave_together() -> None:
    """However they begin, and as soon as the last of them is there."""
    log, asked = SlowLog(), 6
    one = appender(log)

    async def client(number: int) -> None:
        await at(number / 2)
        for turn in range(asked):
            await one.append_one(Partition(number % 3), event(f"{turn}"))
            await asyncio.sleep(number / 4_000)

    await asyncio.gather(*(client(number) for number in range(4)))
    flights = left_of(log)
    assert flights[0] == (0, ["0"])
    assert [len(pages) for _, pages in flights[1:6]] == [4] * 5
    # A confirm, and as long as the slowest of them takes.
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(flights[1:6])]
    assert max(gaps) <= 5


@clocked
async def test_when_nobody_comes_for_a_moment_those_who_are_there_leave() -> None:
    log = SlowLog()
    one = appender(log)
    await at_once(log, one, "a", "b", "c")
    begun = now_ms()
    await at_once(log, one, "d", "e")
    assert left_of(log) == [(0, ["a", "b", "c"]), (begun + 2, ["d", "e"])]
    begun = now_ms()
    await at_once(log, one, "f", "g")
    assert left_of(log)[-1] == (begun, ["f", "g"])


@clocked
async def test_whoever_comes_when_nobody_has_for_long_waits_for_nobody() -> None:
    log = SlowLog()
    one = appender(log)
    await at_once(log, one, "a", "b", "c")
    await at(500)
    await one.append_one(ONE, event("alone"))
    assert left_of(log)[-1] == (500, ["alone"])


@clocked
async def test_who_comes_while_others_are_under_way_leaves_soon_after_them() -> None:
    log = SlowLog()
    one = appender(log)
    first = one.append_one(ONE, event("first"))
    await at(1)
    await asyncio.gather(first, one.append_one(TWO, event("other")))
    assert left_of(log) == [(0, ["first"]), (5, ["other"])]


async def steady(log: SlowLog, number: int, *, every_ms: float) -> list[float]:
    """So many for three partitions in turn, one after the other: how long each waited, in ms."""
    one = appender(log)
    sent = []
    for place in range(number):
        sent.append(one.append_one(Partition(place % 3), event(f"{place * every_ms:05.1f}")))
        await asyncio.sleep(every_ms / 1_000)
    await asyncio.gather(*sent)
    return [when - float(page) for when, _, pages in log.left for page in pages]


@clocked
async def test_where_they_come_all_the_time_nobody_waits_longer_than_the_bound() -> None:
    log = SlowLog()
    waited = await steady(log, 200, every_ms=1)
    assert max(waited) <= MOST * 1_000
    # And they wait for company.
    assert len(left_of(log)) <= 200 / (MOST * 1_000) + 6


@clocked
async def test_who_is_in_great_company_waits_for_no_more() -> None:
    log = SlowLog()
    waited = await steady(log, 1_000, every_ms=0.1)
    # 72 of them in three lanes come in 7 ms.
    assert max(waited) <= 8
    assert len(log.left) <= 3 * (1_000 / 72 + 3)


@clocked
async def test_a_batch_that_is_full_does_not_wait() -> None:
    log = SlowLog()
    one = appender(log)
    await at_once(log, one, "a", "b", "c")
    begun = now_ms()
    many = [event("many")] * MAX_EVENTS
    sent = [asyncio.create_task(one.append({TWO: many})) for _ in range(2)]
    waits = one.append_one(THREE, event("waits"))
    await asyncio.gather(waits, *sent)
    found = [(when, partition, len(pages)) for when, partition, pages in log.left[3:]]
    assert found[0] == (begun, TWO, MAX_EVENTS)
    # The rest of it as soon as it can.
    assert (begun + 3, TWO, MAX_EVENTS) in found


@clocked
async def test_one_batch_of_a_lane_is_under_way_whatever_waits_behind_it() -> None:
    log = SlowLog(confirm_seconds=0.1)
    one = appender(log)
    many = asyncio.create_task(one.append({TWO: [event("many")] * (MAX_EVENTS + 1)}))
    await at(1)
    waits = one.append_one(THREE, event("waits"))
    await asyncio.gather(many, waits)
    found = [(when, partition, len(pages)) for when, partition, pages in log.left]
    assert found == [(0, TWO, MAX_EVENTS), (20, THREE, 1), (100, TWO, 1)]


@clocked
async def test_a_lane_that_fails_holds_no_other_up() -> None:
    log = SlowLog()
    one = appender(log)
    log.failures = [LogUnavailable("away")] * 3
    failing = one.append_one(ONE, event("failing"))
    await at(4)
    for number in range(5):
        begun = now_ms()
        await one.append_one(TWO, event("another"))
        assert now_ms() - begun <= CONFIRM * 1_000 + 2 or number == 0
    behind = one.append_one(ONE, event("behind"))
    await asyncio.gather(failing, behind)
    assert [decode(body).sequence for body in log.entries[ONE]] == [1, 2]


@clocked
async def test_what_waits_behind_a_try_that_is_made_again_leaves_after_it() -> None:
    log = SlowLog()
    one = appender(log, most_seconds=0)
    log.failures = [LogUnavailable("away")]
    failing = one.append_one(ONE, event("failing"))
    await at(1)
    behind = one.append_one(ONE, event("behind"))
    await asyncio.gather(failing, behind)
    assert [pages for _, _, pages in log.left] == [["failing"], ["failing"], ["behind"]]


@clocked
async def test_a_log_that_takes_its_time_holds_nobody_up_longer_than_the_bound() -> None:
    log = SlowLog(confirm_seconds=0.5)
    one = appender(log)
    first = one.append_one(ONE, event("first"))
    await at(1)
    others = [one.append_one(TWO, event("other")), one.append_one(THREE, event("other"))]
    await asyncio.gather(first, *others)
    assert left_of(log) == [(0, ["first"]), (21, ["other", "other"])]


@clocked
async def test_a_lane_that_hangs_holds_the_others_up_once() -> None:
    class OneHangs(SlowLog):
        async def append(self, partition: Partition, body: bytes) -> None:
            if partition == ONE:
                await asyncio.sleep(5)
            await super().append(partition, body)

    one = appender(OneHangs())
    hanging = one.append_one(ONE, event("hanging"))
    took = []
    for number in range(10):
        await asyncio.sleep(0.001)
        begun = now_ms()
        await one.append_one(TWO if number % 2 else THREE, event("another"))
        took.append(now_ms() - begun)
    assert took[0] <= 24
    assert max(took[1:]) <= CONFIRM * 1_000 + 2
    await hanging
    await one.append_one(ONE, event("after"))


@clocked
async def test_no_linger_is_no_waiting() -> None:
    log = SlowLog()
    one = appender(log, most_seconds=0)
    sent = []
    for number in range(6):
        sent.append(one.append_one(Partition(number), event(str(number))))
        await asyncio.sleep(0.001)
    await asyncio.gather(*sent)
    assert left_of(log) == [(number, [str(number)]) for number in range(6)]


@clocked
async def test_where_nothing_waits_nobody_is_woken() -> None:
    log = SlowLog()
    one = appender(log)
    await at_once(log, one, "a", "b", "c")
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ClockedLoop)
    # But for the deadline of what was asked last.
    assert loop.timers == 1
    before = loop.leaps
    await asyncio.sleep(5)
    assert loop.leaps == before + 1


@clocked
async def test_a_request_that_nobody_waits_for_any_more_is_not_sent() -> None:
    log = SlowLog()
    one = appender(log)
    first = one.append_one(ONE, event("first"))
    await at(1)
    gone, stays = one.append_one(ONE, event("gone")), one.append_one(ONE, event("stays"))
    gone.cancel()
    await asyncio.gather(first, stays)
    assert [pages for _, _, pages in log.left] == [["first"], ["stays"]]


@clocked
async def test_what_waits_at_the_end_is_sent_at_once() -> None:
    log = SlowLog()
    one = appender(log)
    await at_once(log, one, "a", "b", "c")
    last = one.append_one(ONE, event("last"))
    await one.close()
    assert last.done()
    assert left_of(log)[-1] == (3, ["last"])


def events_of(log: FakeLog, partition: Partition) -> list[PageViewed]:
    return [found for body in log.entries[partition] for found in decode(body).events]


@clocked
async def test_requests_keep_the_order_in_which_they_came() -> None:
    log = SlowLog()
    one = appender(log)
    log.failures = [LogUnavailable("away")] * 2
    sent = []
    for number in range(100):
        sent.append(one.append_one(ONE, event(str(number))))
        await asyncio.sleep(0.0007)
    await asyncio.gather(*sent)
    assert [found.page for found in events_of(log, ONE)] == [str(n) for n in range(100)]
    sequences = [decode(body).sequence for body in log.entries[ONE]]
    assert sequences == list(range(1, len(sequences) + 1))
