"""Projectors that come, die and freeze, and partitions that become more and fewer, under load."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.settings import Settings
from rows.opening import Rows, open_rows
from tests.acceptance.processes import Role, footfall, until
from tests.acceptance.test_exactly_once import Load, checkpoints, folded, stored
from tests.conftest import MOST_PARTITIONS

pytestmark = pytest.mark.acceptance

# What a busy machine adds to a renewal is small beside it.
LEASE_SECONDS = 4.0
# A projector that has too much gives one partition away with each renewal.
HANDOVER_SECONDS = 60.0


class Projector(Role):
    """A projector, known by its process id in the database."""

    def __init__(self, settings: Settings, lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(settings, "projector")
        self._environment["LEASE_MS"] = str(int(lease_seconds * 1_000))

    def holds(self, owner: str | None) -> bool:
        assert self.process is not None
        return owner is not None and f"-{self.process.pid}-" in owner


async def held(rows: Rows, projectors: Sequence[Projector]) -> list[int] | None:
    """How many partitions each has; None while anybody else, or nobody, has one."""
    owners = (await rows.leases.ownership()).owners.values()
    counts = [sum(projector.holds(owner) for owner in owners) for projector in projectors]
    return counts if sum(counts) == len(owners) else None


async def until_shared(settings: Settings, *projectors: Projector) -> None:
    """Until every partition is owned, and by these projectors evenly."""

    async def shared() -> bool:
        counts = await held(rows, projectors)
        return counts is not None and max(counts) - min(counts) <= 1

    async with open_rows(settings, now_ms, read_only=True) as rows:
        await until(shared, f"{len(projectors)} sharing it", HANDOVER_SECONDS)


async def all_moved(settings: Settings, before: dict[int, int]) -> bool:
    """Was something of every partition folded since?"""
    now = await offsets(settings)
    return all(now.get(p, 0) > before.get(p, 0) for p in range(settings.num_partitions))


async def offsets(settings: Settings) -> dict[int, int]:
    return {c.partition: c.next_offset for c in await checkpoints(settings)}


@asynccontextmanager
async def loaded(url: str) -> AsyncIterator[Load]:
    """Clients that post for the time of the block; all they sent was confirmed."""
    load = Load(url)
    running = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        load.stop()
        await running
    assert not load.uncertain


@pytest.mark.timeout(300)
async def test_projectors_share_what_there_is_and_take_over_what_the_dead_had(
    backend: Settings,
) -> None:
    settings = replace(backend, num_partitions=MOST_PARTITIONS)
    await migrate(settings)
    async with AsyncExitStack() as stack:
        ingest = await stack.enter_async_context(Role(settings, "ingest"))
        await ingest.serving()

        async def projector() -> Projector:
            found = await stack.enter_async_context(Projector(settings))
            await found.start()
            return found

        async with loaded(ingest.url) as load:
            first = await projector()
            await until_shared(settings, first)
            four = [first, *[await projector() for _ in range(3)]]
            await until_shared(settings, *four)
            for dying in four[:2]:
                await dying.kill()
            three = [*four[2:], await projector()]
            await until_shared(settings, *three)
            before = await offsets(settings)
            await until(lambda: all_moved(settings, before), "every partition being folded")
        await until(lambda: folded(settings), "the fold catching up")
        assert await stored(settings) == load.confirmed
        assert sum(c.views for c in await checkpoints(settings)) == load.confirmed.total()
        for living in three:
            assert await living.stop() == 0
            assert "Traceback" not in living.log()


async def test_what_a_dead_projector_had_is_taken_over_within_two_leases(
    backend: Settings,
) -> None:
    async with (
        Projector(backend) as dying,
        Projector(backend) as living,
    ):
        await dying.start()
        await living.start()
        await until_shared(backend, dying, living)
        await dying.kill()
        killed = time.monotonic()
        await until_shared(backend, living)
        assert time.monotonic() - killed < 2 * LEASE_SECONDS


async def test_what_a_projector_gives_back_is_taken_over_before_its_lease_ends(
    backend: Settings,
) -> None:
    async with (
        Projector(backend) as leaving,
        Projector(backend) as staying,
    ):
        await leaving.start()
        await staying.start()
        await until_shared(backend, leaving, staying)
        assert await leaving.stop() == 0
        left = time.monotonic()
        await until_shared(backend, staying)
        assert time.monotonic() - left < LEASE_SECONDS


async def test_partitions_become_more_and_fewer_while_everything_runs(backend: Settings) -> None:
    """3, then 6, then 2; the projectors were started with 3 and never hear of it."""
    six, two = replace(backend, num_partitions=6), replace(backend, num_partitions=2)
    confirmed: Counter[str] = Counter()
    async with (
        Role(backend, "ingest") as ingest_three,
        Role(six, "ingest") as ingest_six,
        Role(two, "ingest") as ingest_two,
        Projector(backend) as one,
        Projector(backend) as other,
    ):
        await ingest_three.serving()
        await one.start()
        await other.start()
        async with loaded(ingest_three.url) as load_three:
            await until(lambda: all_moved(backend, {}), "three partitions being folded")
            code, out, _ = await footfall(six, "migrate")
            assert code == 0
            assert "partitions: 6" in out.splitlines()
            await ingest_six.serving()
            async with loaded(ingest_six.url) as load_six:
                await until(lambda: all_moved(six, {}), "six partitions being folded")
                await ingest_two.serving()
                async with loaded(ingest_two.url) as load_two:
                    before = await offsets(six)
                    await until(lambda: all_moved(six, before), "all going on together")
            # Nobody writes the highest three any more.
        await until(lambda: folded(six), "the fold catching up")
        for load in (load_three, load_six, load_two):
            confirmed += load.confirmed
        assert await stored(six) == confirmed
        assert sum(c.views for c in await checkpoints(six)) == confirmed.total()

        code, out, _ = await footfall(two, "check")
        assert code == 0, out
        assert (
            "WARN  partitions: NUM_PARTITIONS here is 2, the service writes 6: partitions 2" in out
        )
        assert "not written any more" not in out
        _, out, _ = await footfall(two, "status")
        assert [line.split()[0] for line in out.splitlines()[1:7]] == [*"012345"]
        assert "NUM_PARTITIONS here is 2, the service writes 6: partitions 2 to 5 were" in out
