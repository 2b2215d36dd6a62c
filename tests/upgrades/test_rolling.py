"""A rolling upgrade under load in the documented order, by the releases' own programs."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from cli.wiring.process import now_ms
from domain.settings import Settings
from domain.version import VERSION
from rows.opening import open_rows
from tests.acceptance.processes import REPOSITORY, Role, footfall, until
from tests.acceptance.test_exactly_once import folded, stored
from tests.conftest import PARTITIONS
from tests.upgrades.released import LEASE_SECONDS, Clients, made_by, migrated, offsets, role, unpack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PRODUCTION = pytest.param("production", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])
BACKENDS = ["embedded", PRODUCTION]
RELEASES = ["0.1.0", "0.2.0"]
# Whoever asks the database opens it anew.
_POLL_SECONDS = 0.2
UNSAID = "version unknown (0.2.0 or before): "


async def ended(found: Role) -> None:
    """As it should: a server dies of the signal it was told to stop by."""
    assert await found.stop() in {0, -signal.SIGTERM}, found.log()
    assert "Traceback" not in found.log()


class Site:
    """What runs: projectors, a read API and an ingest, each of a version of its own."""

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
        self.projectors = [await self.start("projector", program)]
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
            await asyncio.sleep(_POLL_SECONDS)
            now = await offsets(self.settings)
            moved = all(now.get(p, 0) > before.get(p, 0) for p in range(PARTITIONS))
            return moved and clients.confirmed.total() > confirmed and clients.read > read + 4

        await until(gone_on, "all going on", 60)

    async def all_is_its(self) -> bool:
        """Does the one projector of today have every partition?"""
        await asyncio.sleep(_POLL_SECONDS)
        (one,) = self.projectors
        assert one.process is not None
        async with open_rows(self.settings, now_ms) as rows:
            owners = (await rows.leases.ownership()).owners.values()
        return all(f"-{one.process.pid}-" in (owner or "") for owner in owners)

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
async def test_an_upgrade_from_the_release_before_and_the_step_back_lose_and_fail_nothing(
    backend: str, tmp_path: Path
) -> None:
    async with site("0.2.0", backend, tmp_path) as (found, old):
        clients = await found.begin(old)
        async with used(clients):
            await found.goes_on(clients)
            await migrated(found.settings)
            # Everything of before works on.
            await found.goes_on(clients)
            await found.replace_projectors(REPOSITORY)
            await found.replace_reads(clients, REPOSITORY)
            await found.replace_ingest(clients, REPOSITORY)
            versions = await said(found.settings, "status")
            assert UNSAID not in versions
            assert f"version {VERSION}: projector " in versions
            assert (", read-api " in versions) == (backend == "production")

            await found.replace_ingest(clients, old)
            await found.replace_reads(clients, old)
            code, _, err = await footfall(found.settings, "projector", program=old)
            assert code == 1
            assert "a newer one has upgraded it, so upgrade Footfall" in err
        await found.exact(clients)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_an_upgrade_from_the_first_release_is_not_held_up_by_what_was_left_running(
    backend: str, tmp_path: Path
) -> None:
    async with site("0.1.0", backend, tmp_path) as (found, old):
        clients = await found.begin(old)
        async with used(clients):
            await found.goes_on(clients)
            await migrated(found.settings)
            left = found.projectors
            found.projectors = [await found.start("projector", REPOSITORY)]
            versions = await said(found.settings, "status")
            assert f"{UNSAID}projector " in versions
            # A process starts, then a lease is over.
            await until(found.all_is_its, "the new one having all", LEASE_SECONDS + 20)
            await found.goes_on(clients)
            await found.replace_reads(clients, REPOSITORY)
            await found.replace_ingest(clients, REPOSITORY)
            assert await found.all_is_its()
        await found.exact(clients)
        for projector in left:
            assert projector.process is not None
            assert projector.process.returncode is None
            await ended(projector)


async def said(settings: Settings, verb: str) -> str:
    code, out, err = await footfall(settings, verb)
    assert code == 0, out + err
    return out


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
                wanted = clients.confirmed

                async def counted() -> bool:
                    return await stored(settings) == wanted  # noqa: B023

                await until(counted, "everything being counted once")
                assert await everything.stop() == 0, everything.log()
