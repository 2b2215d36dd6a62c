"""Rebuilds with real processes: under load, killed, refused, rolled back. Nobody sees them."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import httpx
import pytest
from sqlalchemy import text

from cli.wiring.migrate import migrate
from cli.wiring.process import now_ms
from domain.events import Epoch, PageViewed, Partition
from domain.hours import parse_instant
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_reader, open_writer
from projector.fold.runner import Runner
from rows.engine import open_engine
from rows.opening import open_rows
from tests.acceptance.processes import Role, footfall, report, until
from tests.acceptance.test_exactly_once import HOUR, PAGES, Load, folded, stored
from tests.conftest import embedded
from tests.factories import HOUR_MS, batch
from tests.servers import PrivatePostgres, PrivateRabbitMQ, Process, family, process

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

NOON = "2025-07-16T12:00:00Z"
BATCHES = 60
EVENTS = 200
# Processes are what takes time here.
REPLAY = ("replay", "--workers", "1")


async def fill(settings: Settings, batches: int = BATCHES) -> Counter[str]:
    """A log with a past, as ingest would have written it; what it adds up to."""
    total: Counter[str] = Counter()
    draw = random.Random(7)
    writer = open_writer(settings)
    at_ms = parse_instant(HOUR)

    async def partition(number: int) -> None:
        for sequence in range(1, batches + 1):
            events = [
                PageViewed(draw.choice(PAGES), at_ms - draw.randrange(20) * HOUR_MS, 1)
                for _ in range(EVENTS)
            ]
            total.update(event.page for event in events)
            cut = batch(*events, producer="past", sequence=sequence, shard=sequence % 10)
            await writer.append(Partition(number), encode(cut))

    try:
        await asyncio.gather(*(partition(p) for p in range(settings.num_partitions)))
    finally:
        await writer.close()
    return total


class Watcher:
    """Polls reports as often as it can: each must be there, and none may fall."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self.looked = 0

    async def __aenter__(self) -> "Watcher":
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._looking is not None
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def check(self, at_least: int = 20) -> None:
        """Raises what it saw; looks some more first."""
        enough = self.looked + at_least

        async def looked_enough() -> bool:
            assert self._looking is not None
            if self._looking.done():
                await self._looking
            return self.looked >= enough

        await until(looked_enough, "reports being read")

    async def _look(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=20) as client:
            while True:
                for page in PAGES[:4]:
                    views = sum(row["v"] for row in await report(client, page=page, now=NOON))
                    assert views >= self._seen[page], f"{page}: {self._seen[page]} -> {views}"
                    self._seen[page] = views
                    self.looked += 1


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Role, Role]]:
    """Ingest and the read API, and a projector that has folded everything there is."""
    async with (
        Role(settings, "ingest") as ingest,
        Role(settings, "read-api") as read_api,
        Role(settings, "projector") as projector,
    ):
        await asyncio.gather(ingest.serving(), read_api.serving(), projector.start())
        await until(lambda: folded(settings), "the fold catching up")
        yield ingest, read_api
        for role in (ingest, read_api, projector):
            assert "Traceback" not in role.log(), role.log()


@asynccontextmanager
async def views_coming(ingest: Role) -> AsyncIterator[Load]:
    """A load meanwhile; every view of it is confirmed."""
    load = Load(ingest.url, clients=1)
    running = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        load.stop()
        await running
    assert not load.uncertain


async def fold(settings: Settings) -> None:
    """All of the log into the live generation, without a projector."""
    reader = open_reader(settings)
    async with open_rows(settings, now_ms) as opened:
        runner = Runner(reader, opened.store, flush_seconds=5, batch_size=100_000)
        for number in range(settings.num_partitions):
            partition = Partition(number)
            end = (await reader.bounds(partition)).end
            await runner.run(partition, Epoch(1), asyncio.Event(), until=end)
    await reader.close()


async def rows(settings: Settings, statement: str) -> list[Mapping[str, object]]:
    engine = open_engine(settings.rows_url)
    try:
        async with engine.begin() as connection:
            found = await connection.execute(text(statement))
            return [dict(row._mapping) for row in found] if found.returns_rows else []
    finally:
        await engine.dispose()


async def states(settings: Settings) -> dict[object, object]:
    """Of each generation there ever was."""
    found = await rows(settings, "SELECT generation, state FROM generations ORDER BY generation")
    return {row["generation"]: row["state"] for row in found}


async def live(settings: Settings) -> object:
    """The generation that reports read."""
    return next(g for g, state in (await states(settings)).items() if state == "live")


async def succeed(settings: Settings, *arguments: str) -> tuple[str, str]:
    """Run a verb that must end well; stdout and stderr."""
    code, out, err = await footfall(settings, *arguments)
    assert code == 0, out + err
    assert "Traceback" not in err, err
    return out, err


async def fail(settings: Settings, *arguments: str) -> tuple[str, str]:
    """Run a verb that must end with exit code 1 and a sentence; stdout and stderr."""
    code, out, err = await footfall(settings, *arguments)
    assert code == 1, out + err
    assert "Traceback" not in err, err
    return out, err


async def test_nobody_who_reads_or_writes_notices_a_rebuild(backend: Settings) -> None:
    before = await fill(backend)
    async with serving(backend) as (ingest, read_api):
        async with views_coming(ingest) as load, Watcher(read_api.url) as watcher:
            out, _ = await succeed(backend, *REPLAY)
            assert "differ: 0" in out, out
            await watcher.check()
            assert await states(backend) == {1: "dropped", 2: "live"}
            await succeed(backend, *REPLAY, "--keep-previous")
            await watcher.check()
            assert await states(backend) == {1: "dropped", 2: "previous", 3: "live"}
            # More views come in than the previous generation knows of.
            more = load.confirmed.total() + 500
            await until(lambda: reached(load, more), "views being confirmed")
            await succeed(backend, "rollback")
            await watcher.check()
            assert await states(backend) == {1: "dropped", 2: "live", 3: "previous"}
        await until(lambda: folded(backend), "the fold catching up")
        assert await stored(backend) == before + load.confirmed
        await succeed(backend, "verify")


async def reached(load: Load, total: int) -> bool:
    return load.confirmed.total() >= total


class Replay:
    """footfall replay, to be ended."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self.role = Role(settings, "replay", *arguments)

    async def begin(self, until_it_says: str) -> "Replay":
        await self.role.start()
        await until(lambda: self._says(until_it_says), f"replay saying {until_it_says!r}")
        return self

    async def _says(self, words: str) -> bool:
        assert words in self.role.log() or self._running.returncode is None, self.role.log()
        return words in self.role.log()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self.role.process is not None
        return self.role.process

    async def interrupt(self) -> None:
        """Ctrl-C; nothing of it may be left when it has gone."""
        members = family(process(self._running.pid))
        self.role.signal(signal.SIGINT)
        assert await self.ended() == 130, self.role.log()
        assert not any(member.alive() for member in members)

    async def kill(self) -> None:
        """SIGKILL; its workers notice and end."""
        members = family(process(self._running.pid))
        await self.role.kill()
        await until(lambda: _gone(members), "the workers ending")

    async def kill_a_worker(self) -> None:
        parent = process(self._running.pid)
        await until(lambda: _has_children(parent), "a worker starting")
        family(parent)[-1].signal(signal.SIGKILL)

    async def ended(self) -> int:
        async with asyncio.timeout(60):
            return await self._running.wait()


async def _gone(members: list[Process]) -> bool:
    return not any(member.alive() for member in members)


async def _has_children(parent: Process) -> bool:
    assert parent.alive()
    return len(family(parent)) > 1


async def test_a_rebuild_that_is_killed_again_and_again_ends_exact(backend: Settings) -> None:
    before = await fill(backend)
    await fold(backend)
    draw = random.Random(5)
    # The other worker would need minutes.
    one = await Replay(backend, "--throttle", "100").begin("building generation 2")
    await one.kill_a_worker()
    assert await one.ended() == 1
    assert "a worker failed (its error is above): run the command again" in one.role.log()
    for words in ("going on with generation 2", "sorting"):
        replay = await Replay(backend, *REPLAY[1:]).begin(words)
        await asyncio.sleep(draw.uniform(0, 0.1))
        await replay.kill()
    await succeed(backend, *REPLAY)
    assert list((await states(backend)).values()).count("live") == 1
    assert await live(backend) != 1
    assert await stored(backend) == before
    await succeed(backend, "verify")
    out, _ = await succeed(backend, "verify", "--deep")
    assert "differ: 0" in out, out


async def test_only_one_rebuild_is_under_way_and_it_can_be_abandoned(backend: Settings) -> None:
    before = await fill(backend)
    await fold(backend)
    first = await Replay(backend, "--throttle", "1000").begin("building generation 2")
    _, err = await fail(backend, *REPLAY)
    assert "only one may at a time" in err
    await first.interrupt()
    _, err = await fail(replace(backend, page_rules="lower-host"), "replay")
    assert "is being built with PAGE_RULES=, now PAGE_RULES is lower-host" in err
    _, err = await fail(backend, "rollback")
    assert "is being built by footfall replay" in err
    assert await states(backend) == {1: "live", 2: "loading"}
    await succeed(backend, "replay", "--abandon")
    assert await states(backend) == {1: "live", 2: "dropped"}
    _, err = await fail(backend, "rollback")
    assert "there is no previous generation" in err
    assert await stored(backend) == before


async def test_a_difference_is_found_said_and_repaired_only_when_asked(backend: Settings) -> None:
    before = await fill(backend)
    await fold(backend)
    await rows(
        backend,
        f"UPDATE hourly_views SET views = views + 5 WHERE generation = 1 AND page = '{PAGES[3]}'",
    )
    wrong = await stored(backend)
    assert wrong != before
    out, _ = await fail(backend, "verify")
    assert "ERROR generation 1" in out
    out, _ = await fail(backend, "verify", "--deep")
    assert PAGES[3] in out
    out, err = await fail(backend, *REPLAY)
    assert PAGES[3] in out
    assert "nothing is promoted" in err
    assert await live(backend) == 1
    assert await stored(backend) == wrong
    await succeed(backend, *REPLAY, "--accept-diff")
    assert await stored(backend) == before
    await succeed(backend, "verify")


async def test_page_rules_are_applied_to_history(backend: Settings) -> None:
    before = await fill(backend, batches=5)
    await fold(backend)
    writer = open_writer(backend)
    twins = [PageViewed(f"EXAMPLE.com/{i}/?q=1", parse_instant(HOUR), 10) for i in (0, 1)]
    for number, twin in enumerate(twins):
        await writer.append(Partition(number), encode(batch(twin, producer="late")))
    await writer.close()
    await fold(backend)
    merged = before + Counter({PAGES[0]: 10, PAGES[1]: 10})
    ruled = replace(backend, page_rules="lower-host,strip-query,strip-trailing-slash")
    out, _ = await fail(ruled, *REPLAY, "--dry-run")
    assert "differ: 4" in out, out
    assert await stored(backend) == before + Counter({twin.page: 10 for twin in twins})
    await succeed(ruled, *REPLAY, "--accept-diff")
    assert await stored(backend) == merged
    await succeed(backend, "verify")


async def test_a_rollback_that_is_interrupted_in_a_flush_leaves_the_file_to_others(
    tmp_path: Path,
) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    await append_new_pages(settings, range(1, 3))
    await fold(settings)
    await succeed(settings, *REPLAY, "--keep-previous")
    await append_new_pages(settings, range(3, 103))
    await fold(settings)
    before = await loaded(settings, 1)
    rollback = await Role(settings, "rollback").start()
    assert rollback.process is not None
    await until(lambda: loaded_to(settings, before + 1, 1), "the rollback catching up")
    began = monotonic()
    rollback.signal(signal.SIGTERM)
    await rows(settings, "UPDATE retention SET horizon = horizon")
    written = monotonic()
    async with asyncio.timeout(40):
        assert await rollback.process.wait() == 143, rollback.log()
    # Half a minute, where the file is left locked.
    assert monotonic() - began < 5
    assert written - began < 5
    assert rollback.log() == "interrupted: what is done is kept, run the command again\n"
    assert await states(settings) == {1: "catching-up", 2: "live"}
    await succeed(settings, "rollback")
    assert await states(settings) == {1: "live", 2: "previous"}
    await succeed(settings, "verify")


async def append_new_pages(settings: Settings, sequences: range) -> None:
    """Each view is of another page: no more rows can be made of so many views."""
    writer = open_writer(settings)
    at_ms = parse_instant(HOUR)

    async def partition(number: int) -> None:
        for sequence in sequences:
            pages = [f"example.com/{number}/{sequence}/{page}" for page in range(500)]
            views = [PageViewed(page, at_ms, 1) for page in pages]
            cut = batch(*views, producer="past", sequence=sequence, shard=sequence % 10)
            await writer.append(Partition(number), encode(cut))

    try:
        await asyncio.gather(*(partition(p) for p in range(settings.num_partitions)))
    finally:
        await writer.close()


@pytest.mark.private_servers
async def test_a_rebuild_goes_on_after_the_broker_and_the_database_were_away(
    tmp_path: Path,
) -> None:
    with PrivateRabbitMQ() as broker, PrivatePostgres() as database:
        settings = replace(embedded(tmp_path), database_url=database.url, rabbitmq_url=broker.url)
        await migrate(settings)
        before = await fill(settings)
        await fold(settings)
        # Of the broker it may have all it needs already, and be done: that one comes last.
        for server in (database, broker):
            if await live(settings) == 2:
                break
            folded_before = await loaded(settings)
            replay = await Replay(settings, *REPLAY[1:], "--throttle", "4000").begin("generation 2")
            # Where the first outage found all of it loaded, there is no more to come.
            more = min(folded_before + 1, sum(before.values()))
            await until(lambda: loaded_to(settings, more), "the load moving on", 120)  # noqa: B023
            await asyncio.to_thread(server.restart)
            code = await replay.ended()
            assert "Traceback" not in replay.role.log()
            if code != 0:
                assert code == 1
                assert "footfall: " in replay.role.log()
                assert await live(settings) == 1
        if await live(settings) == 1:
            await succeed(settings, *REPLAY)
        assert await live(settings) == 2
        assert await stored(settings) == before
        await succeed(settings, "verify")


async def loaded(settings: Settings, generation: int = 2) -> int:
    """Events in a generation, the new one."""
    found = await rows(settings, f"SELECT events FROM checkpoints WHERE generation = {generation}")
    return sum(int(str(row["events"])) for row in found)


async def loaded_to(settings: Settings, events: int, generation: int = 2) -> bool:
    return await loaded(settings, generation) >= events
