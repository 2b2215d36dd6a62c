"""A rolling upgrade under load in the documented order, by the releases' own programs."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from domain.settings import Settings
from domain.version import VERSION
from tests.acceptance.processes import REPOSITORY, Role, footfall, until
from tests.acceptance.test_exactly_once import folded, stored
from tests.acceptance.test_projectors import all_moved, offsets
from tests.upgrades.released import LEASE_SECONDS, Clients, made_by, migrated, role, unpack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

PRODUCTION = pytest.param("production", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])
BACKENDS = ["embedded", PRODUCTION]
RELEASES = ["0.1.0", "0.2.0"]
UNSAID = "version unknown (0.2.0 or before): "


async def ended(found: Role) -> None:
    """As it should: a server dies of the signal it was told to stop by."""
    assert await found.stop() in {0, -signal.SIGTERM}, found.log()
    assert "Traceback" not in found.log()


class Site:
    """What runs: two projectors, a read API and an ingest, each of a version of its own."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self._stack = stack
        self.projectors: list[Role] = []
        self.reads: Role | None = None
        self.ingest: Role | None = None

    async def start(self, verb: str, program: Path) -> Role:
        found = await self._stack.enter_async_context(role(self.settings, verb, program))
        return await (found.start() if verb == "projector" else found.serving())

    async def begin(self, program: Path) -> Clients:
        """All of one version; who uses it."""
        self.projectors = [await self.start("projector", program) for _ in range(2)]
        self.reads = await self.start("read-api", program)
        self.ingest = await self.start("ingest", program)
        return Clients(self.ingest.url, self.reads.url)

    async def replace_projectors(self, program: Path) -> None:
        """One after the other."""
        for number, old in enumerate(self.projectors):
            self.projectors[number] = await self.start("projector", program)
            await ended(old)

    async def replace_reads(self, clients: Clients, program: Path) -> None:
        """The new one answers before the old one ends."""
        assert self.reads is not None
        old, self.reads = self.reads, await self.start("read-api", program)
        clients.reads = self.reads.url
        await self.goes_on(clients)
        await ended(old)

    async def replace_ingest(self, clients: Clients, program: Path) -> None:
        assert self.ingest is not None
        old, self.ingest = self.ingest, await self.start("ingest", program)
        clients.ingest = self.ingest.url
        await self.goes_on(clients)
        await ended(old)

    async def goes_on(self, clients: Clients) -> None:
        """Views are confirmed, read, and folded in every partition."""
        confirmed, read = clients.confirmed.total(), clients.read
        before = await offsets(self.settings)

        async def gone_on() -> bool:
            return (
                clients.confirmed.total() > confirmed + 50
                and clients.read > read + 8
                and await all_moved(self.settings, before)
            )

        await until(gone_on, "all going on")

    async def exact(self, clients: Clients) -> None:
        await until(lambda: folded(self.settings), "the fold catching up")
        assert not clients.uncertain
        assert await stored(self.settings) == clients.confirmed


@asynccontextmanager
async def site(version: str, backend: str, tmp_path: Path) -> AsyncIterator[tuple[Site, Path]]:
    old = unpack(version, tmp_path)
    async with made_by(old, backend, tmp_path) as settings, AsyncExitStack() as stack:
        yield Site(settings, stack), old


@asynccontextmanager
async def used(clients: Clients) -> AsyncIterator[None]:
    running = asyncio.create_task(clients.run())
    try:
        yield
    finally:
        clients.stop()
        await running


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("version", RELEASES)
async def test_an_upgrade_in_the_documented_order_loses_and_fails_nothing(
    version: str, backend: str, tmp_path: Path
) -> None:
    async with site(version, backend, tmp_path) as (found, old):
        clients = await found.begin(old)
        async with used(clients):
            await found.goes_on(clients)
            await migrated(found.settings)
            await found.replace_projectors(REPOSITORY)
            await found.goes_on(clients)
            await found.replace_reads(clients, REPOSITORY)
            await found.replace_ingest(clients, REPOSITORY)
            _, out, _ = await footfall(found.settings, "status")
            assert UNSAID not in out
            assert f"version {VERSION}: projector " in out
            if backend == "production":
                assert ", read-api " in out
        await found.exact(clients)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_the_release_before_works_on_what_this_one_has_migrated(
    backend: str, tmp_path: Path
) -> None:
    async with site("0.2.0", backend, tmp_path) as (found, old):
        clients = await found.begin(old)
        async with used(clients):
            await found.goes_on(clients)
            await migrated(found.settings)
            await found.goes_on(clients)
            _, out, _ = await footfall(found.settings, "status")
            assert f"{UNSAID}projector " in out
        await found.exact(clients)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_read_api_and_ingest_step_back_and_a_projector_says_why_not(
    backend: str, tmp_path: Path
) -> None:
    async with site("0.2.0", backend, tmp_path) as (found, old):
        await migrated(found.settings)
        clients = await found.begin(REPOSITORY)
        async with used(clients):
            await found.goes_on(clients)
            await found.replace_ingest(clients, old)
            await found.replace_reads(clients, old)
            code, _, err = await footfall(found.settings, "projector", program=old)
            assert code == 1
            assert "a newer one has upgraded it, so upgrade Footfall" in err
            await found.goes_on(clients)
        await found.exact(clients)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_projector_of_the_first_release_that_was_left_running_holds_nothing_up(
    backend: str, tmp_path: Path
) -> None:
    async with site("0.1.0", backend, tmp_path) as (found, old):
        clients = await found.begin(old)
        async with used(clients):
            await found.goes_on(clients)
            await found.projectors.pop().stop()
            (left,) = found.projectors
            await migrated(found.settings)
            new = await found.start("projector", REPOSITORY)
            assert left.process is not None
            assert new.process is not None
            its = f"-{new.process.pid}-"

            async def has_all() -> bool:
                _, out, _ = await footfall(found.settings, "status", "--json")
                return all(its in (row["owner"] or "") for row in json.loads(out)["partitions"])

            # A process starts, then a lease is over; each question is a process of its own.
            await until(has_all, "the new one having all", LEASE_SECONDS + 10)
            await found.goes_on(clients)
            await found.goes_on(clients)
            assert left.process.returncode is None
        await found.exact(clients)
        assert await left.stop() == 0


@pytest.mark.parametrize("version", RELEASES)
async def test_everything_in_one_goes_on_in_the_folder_of_before(
    version: str, tmp_path: Path
) -> None:
    old = unpack(version, tmp_path)
    async with made_by(old, "embedded", tmp_path) as settings:
        confirmed = 0
        for program in (old, REPOSITORY):
            async with role(settings, "up", program) as everything:
                await everything.serving()
                clients = Clients(everything.url, everything.url)
                clients.confirmed.update(await stored(settings))
                async with used(clients):
                    await Site(settings, AsyncExitStack()).goes_on(clients)
                assert not clients.uncertain
                assert clients.confirmed.total() > confirmed
                confirmed = clients.confirmed.total()
                await until(lambda: folded(settings), "the fold catching up")
                assert await stored(settings) == clients.confirmed
                assert await everything.stop() == 0, everything.log()
