"""Group commit: what shares a batch, what is answered when, what happens when the log fails."""

import asyncio
import sys
from collections.abc import Callable
from itertools import count

import pytest

from domain.errors import LogUnavailable, Overloaded
from domain.events import MAX_COUNT, MIN_AT_MS, Entry, Offset, PageViewed, Partition
from domain.hours import MAX_AHEAD_MS
from domain.moments import ahead_of_record
from domain.projection import project
from domain.wire import MAX_BYTES, MAX_EVENTS, decode
from ingest.appender import Appender
from tests.factories import TEN, event
from tests.fakes import FakeLog

ONE, TWO = Partition(1), Partition(2)


class GatedLog(FakeLog):
    """Holds every append until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.started = asyncio.Event()

    async def append(self, partition: Partition, body: bytes) -> None:
        self.started.set()
        await self.gate.wait()
        await super().append(partition, body)


def appender(
    log: FakeLog, *, deadline_seconds: float = 10, max_waiting_bytes: int = 1_000_000,
    draw_shard: Callable[[], int] = lambda: 7, clock: Callable[[], int] = lambda: TEN,
) -> Appender:  # fmt: skip
    return Appender(
        log,
        clock=clock,
        producer=lambda: "p1",
        draw_shard=draw_shard,
        linger_seconds=0,
        deadline_seconds=deadline_seconds,
        max_waiting_bytes=max_waiting_bytes,
    )


def batches(log: FakeLog, partition: Partition = ONE) -> list[list[PageViewed]]:
    return [decode(body).events for body in log.entries[partition]]


async def test_an_event_is_in_the_log_when_append_returns() -> None:
    log = FakeLog()
    await appender(log).append({ONE: [event("a")], TWO: [event("b")]})
    assert (batches(log, ONE), batches(log, TWO)) == ([[event("a")]], [[event("b")]])


async def test_the_header_says_who_when_and_which_shard() -> None:
    log = FakeLog()
    sender = appender(log)
    for _ in range(2):
        await sender.append({ONE: [event()]})
    headers = [decode(body) for body in log.entries[ONE]]
    assert [(b.producer, b.sequence, b.recorded_ms, b.shard) for b in headers] == [
        ("p1", 1, TEN, 7),
        ("p1", 2, TEN, 7),
    ]


async def test_a_clock_that_is_set_back_after_a_view_was_accepted_does_not_cost_it() -> None:
    log = FakeLog()
    await appender(log).append({ONE: [event(), event(at_ms=TEN + MAX_AHEAD_MS + 5)]})
    (body,) = log.entries[ONE]
    assert decode(body).recorded_ms == TEN + 5
    assert ahead_of_record(decode(body)) is None


async def test_requests_that_wait_share_the_next_batch() -> None:
    log = GatedLog()
    sender = appender(log)
    first = asyncio.create_task(sender.append({ONE: [event("first")]}))
    await log.started.wait()
    rest = [asyncio.create_task(sender.append({ONE: [event(str(i))]})) for i in range(50)]
    await asyncio.sleep(0)
    log.gate.set()
    await asyncio.gather(first, *rest)
    assert [len(found) for found in batches(log)] == [1, 50]


async def test_a_large_request_is_cut_to_batches_of_500_events_and_32_kb() -> None:
    log = FakeLog()
    many = [event(f"page/{i}") for i in range(1_201)]
    large = [event("я" * 1_000 + str(i)) for i in range(60)]
    await appender(log).append({ONE: many + large})
    assert [e for found in batches(log) for e in found] == many + large
    assert max(len(found) for found in batches(log)) <= 500
    assert max(len(body) for body in log.entries[ONE]) <= MAX_BYTES


async def test_a_page_of_quotes_is_measured_as_it_is_written() -> None:
    log = FakeLog()
    await appender(log).append({ONE: [event('"' * 2_000 + str(i)) for i in range(40)]})
    assert max(len(body) for body in log.entries[ONE]) <= MAX_BYTES


@pytest.mark.parametrize("known_first", [True, False])
async def test_views_of_nobody_known_make_no_batch_too_long(known_first: bool) -> None:
    log = GatedLog()
    sender = appender(log)
    first = asyncio.create_task(sender.append({ONE: [event("first")]}))
    await log.started.wait()
    # As much as there can be in a view, and as many of them as fill a batch.
    pages = [PageViewed("x" * 31, MIN_AT_MS, MAX_COUNT)] * 470
    asked = [sender.append({ONE: pages}), sender.append({ONE: pages[:2]}, {ONE: ["Bot"] * 2})]
    await_all = asyncio.gather(*(reversed(asked) if known_first else asked))
    log.gate.set()
    await asyncio.gather(first, await_all)
    assert all(len(body) <= MAX_BYTES for body in log.entries[ONE])


async def test_a_failed_append_is_tried_again_with_the_same_bytes() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("away"), LogUnavailable("away")]
    sender = appender(log)
    await sender.append({ONE: [event()]})
    await sender.append({ONE: [event()]})
    assert [decode(body).sequence for body in log.entries[ONE]] == [1, 2]


async def test_nobody_waits_longer_than_the_deadline() -> None:
    log = GatedLog()
    sender = appender(log, deadline_seconds=0.05)
    with pytest.raises(LogUnavailable, match="did not confirm within"):
        await sender.append({ONE: [event()]})
    log.gate.set()
    await sender.close()


async def test_what_was_given_up_before_it_was_sent_is_not_sent() -> None:
    log = GatedLog()
    sender = appender(log, deadline_seconds=0.05)
    first = asyncio.create_task(sender.append({ONE: [event("under way")]}))
    await log.started.wait()
    second = asyncio.create_task(sender.append({ONE: [event("waiting")]}))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(result) for result in results] == [LogUnavailable] * 2
    log.gate.set()
    await sender.close()
    assert batches(log) == [[event("under way")]]


async def test_too_much_waiting_is_refused_at_once() -> None:
    log = GatedLog()
    sender = appender(log, max_waiting_bytes=1_000)
    first = asyncio.create_task(sender.append({ONE: [event("x" * 900)]}))
    await log.started.wait()
    with pytest.raises(Overloaded):
        await sender.append({ONE: [event("y" * 900)]})
    log.gate.set()
    await first
    await sender.append({ONE: [event("y" * 900)]})
    assert len(batches(log)) == 2


async def test_a_log_that_stays_away_is_said_when_the_deadline_passes() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("away")] * 1_000
    with pytest.raises(LogUnavailable):
        await appender(log, deadline_seconds=0.2).append({ONE: [event()], TWO: [event()]})


async def test_a_deadline_that_passes_says_what_the_log_has_said() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("low on memory")] * 1_000
    with pytest.raises(LogUnavailable, match=r"did not confirm within 0\.2 s: low on memory"):
        await appender(log, deadline_seconds=0.2).append({ONE: [event()]})


class BrokenLog(FakeLog):
    """Raises what no log should."""

    def __init__(self, *failures: BaseException) -> None:
        super().__init__()
        self.broken = list(failures)

    async def append(self, partition: Partition, body: bytes) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise self.broken.pop(0)
        await super().append(partition, body)


UNFORESEEN = [
    KeyError("x"),
    AssertionError(),
    StopAsyncIteration(),
    asyncio.InvalidStateError(),
    asyncio.CancelledError(),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"),
]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
async def test_whatever_ends_a_lane_its_requests_are_answered_at_once(error: BaseException) -> None:
    log = BrokenLog(error)
    sender = appender(log, deadline_seconds=60)
    async with asyncio.timeout(5):
        first = asyncio.create_task(sender.append({ONE: [event("a")]}))
        results = await asyncio.gather(first, return_exceptions=True)
        assert isinstance(results[0], LogUnavailable)
        await sender.append({ONE: [event("b")]})
        await sender.close()
    assert batches(log) == [[event("b")]]


async def test_a_lane_that_is_cancelled_answers_what_waits_behind_it_too() -> None:
    log = GatedLog()
    sender = appender(log, deadline_seconds=60)
    first = asyncio.create_task(sender.append({ONE: [event("under way")]}))
    await log.started.wait()
    second = asyncio.create_task(sender.append({ONE: [event("waiting")]}))
    await asyncio.sleep(0)
    (sending,) = (task for task in asyncio.all_tasks() if "GatedLog.append" in repr(task))
    sending.cancel()
    async with asyncio.timeout(5):
        results = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(result) for result in results] == [LogUnavailable] * 2


async def test_the_unforeseen_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    log = BrokenLog(*(KeyError("x") for _ in range(5)))
    sender = appender(log)
    for _ in range(5):
        with pytest.raises(LogUnavailable):
            await sender.append({ONE: [event()]})
    await sender.append({ONE: [event()]})
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_the_end_is_not_held_up_by_what_nobody_waits_for() -> None:
    log = GatedLog()
    sender = appender(log, deadline_seconds=0.05)
    with pytest.raises(LogUnavailable):
        await sender.append({ONE: [event()]})
    async with asyncio.timeout(5):
        await sender.close()


async def test_a_log_that_cannot_be_written_is_said_at_once() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("disk is full: make room", took_nothing=True)]
    async with asyncio.timeout(2):
        with pytest.raises(LogUnavailable, match="full: make room") as refused:
            await appender(log, deadline_seconds=60).append({ONE: [event()]})
    assert refused.value.took_nothing


async def test_what_an_earlier_try_may_have_left_is_in_doubt() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("gone"), LogUnavailable("full", took_nothing=True)]
    with pytest.raises(LogUnavailable, match="full") as refused:
        await appender(log, deadline_seconds=60).append({ONE: [event()]})
    assert not refused.value.took_nothing


async def test_a_request_in_parts_of_which_one_was_refused_is_in_doubt() -> None:
    log = FakeLog()
    log.failures = [LogUnavailable("full", took_nothing=True)]
    with pytest.raises(LogUnavailable, match="full") as refused:
        await appender(log, deadline_seconds=60).append({ONE: [event()], TWO: [event()]})
    assert not refused.value.took_nothing


class _Redirected(FakeLog):
    """Writes to `to`."""

    def __init__(self) -> None:
        super().__init__()
        self.to = FakeLog()

    async def append(self, partition: Partition, body: bytes) -> None:
        await self.to.append(partition, body)


async def test_a_copy_of_a_running_process_loses_nothing_and_doubles_nothing() -> None:
    """Both go on with one producer's name and one sequence, as from a snapshot."""
    log, writer, time = FakeLog(), _Redirected(), count(TEN)
    original = appender(log, clock=lambda: next(time))
    copy = appender(writer, clock=lambda: next(time))
    for page in ("a", "b", "c"):
        await original.append({ONE: [event(page)]})
        await copy.append({ONE: [event(page)]})
    writer.to = log
    for number in range(300):
        await original.append({ONE: [event(f"original-{number}")]})
        if number % 3 == 0:
            await copy.append({ONE: [event(f"copy-{number}")]})
    bodies = log.entries[ONE]
    # What either appends again, its confirm lost, is known.
    bodies += bodies[-4:]
    delta = project([Entry(Offset(offset), body) for offset, body in enumerate(bodies)])
    assert (delta.views, len(delta.rows)) == (403, 403)
    assert delta.duplicates + len(delta.dead_letters) == 4
    assert delta.forks >= 100


async def test_under_another_name_the_sequence_begins_anew() -> None:
    log, names = FakeLog(), iter(["p1", "p1", "p2", "p2"])
    one = Appender(
        log,
        clock=lambda: TEN,
        producer=lambda: next(names),
        draw_shard=lambda: 0,
        linger_seconds=0,
        deadline_seconds=10,
    )
    for page in "abcd":
        await one.append({ONE: [event(page)]})
    headers = [(found.producer, found.sequence) for found in map(decode, log.entries[ONE])]
    assert headers == [("p1", 1), ("p1", 2), ("p2", 1), ("p2", 2)]


async def test_append_says_what_the_log_took_however_many_batches_and_names_it_needed() -> None:
    log, names = GatedLog(), ["p1"]
    one = Appender(
        log, clock=lambda: TEN, producer=lambda: names[-1], draw_shard=lambda: 0,
        linger_seconds=0, deadline_seconds=10,
    )  # fmt: skip
    log.gate.set()
    await one.append({ONE: [event("before")]})
    log.gate.clear()
    log.started.clear()
    sent = asyncio.create_task(
        one.append({ONE: [event(f"{n}") for n in range(3 * MAX_EVENTS)], TWO: [event()]})
    )
    await log.started.wait()
    names.append("p2")
    log.gate.set()
    assert await sent == {(ONE, "p1"): 2, (ONE, "p2"): 2, (TWO, "p1"): 1}
    found = [(batch.producer, batch.sequence) for batch in map(decode, log.entries[ONE])]
    assert found == [("p1", 1), ("p1", 2), ("p2", 1), ("p2", 2)]


async def test_requests_that_share_a_batch_are_told_the_same() -> None:
    log = GatedLog()
    one = appender(log)
    sent = [asyncio.create_task(one.append({ONE: [event(page)]})) for page in "abc"]
    log.gate.set()
    assert await asyncio.gather(*sent) == [{(ONE, "p1"): 1}] * 3


async def test_nothing_is_kept_of_confirmed_views_while_another_partition_waits() -> None:
    class OneIsAway(FakeLog):
        async def append(self, partition: Partition, body: bytes) -> None:
            if partition == ONE:
                await asyncio.Event().wait()
            await super().append(partition, body)

    sut = appender(OneIsAway())
    waiting = sut.append_one(ONE, event("a"))
    page = "/a/page/of/its/own" * 50
    before = sys.getrefcount(page)
    await asyncio.gather(*(sut.append_one(TWO, event(page)) for _ in range(20)))
    assert sys.getrefcount(page) == before
    assert not waiting.done()
    waiting.cancel()
