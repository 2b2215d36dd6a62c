"""The programs of earlier releases, as they were, on servers of today."""

import asyncio
import tarfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import text

from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.ledger import HOUR, PAGES
from tests.acceptance.processes import REPOSITORY, Role, footfall
from tests.conftest import embedded, postgres_database, stream_prefix
from tests.servers import rabbitmq_url

RELEASES = Path(__file__).parents[1] / "data"
LEASE_SECONDS = 2.0


def unpack(version: str, folder: Path) -> Path:
    """The folder in which that release's program runs."""
    found = folder / version
    with tarfile.open(RELEASES / version / "program.tar.xz") as archive:
        archive.extractall(found, filter="data")
    # As it was installed: it asks for its version.
    installed = found / f"footfall-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: footfall\nVersion: {version}\n"
    )
    return found


@asynccontextmanager
async def made_by(program: Path, backend: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a backend that an earlier release has created."""
    settings = embedded(tmp_path)
    if backend == "embedded":
        await migrated(settings, program)
        yield settings
        return
    async with postgres_database() as database_url, stream_prefix() as prefix:
        found = replace(
            settings, database_url=database_url, rabbitmq_url=rabbitmq_url(), stream_prefix=prefix
        )
        await migrated(found, program)
        yield found


async def migrated(settings: Settings, program: Path = REPOSITORY) -> None:
    code, out, err = await footfall(settings, "migrate", program=program)
    assert code == 0, out + err


async def offsets(settings: Settings) -> dict[int, int]:
    """How far each partition is folded, whichever version made the tables."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT partition, next_offset FROM checkpoints"))
            return {row.partition: row.next_offset for row in found}
    finally:
        await engine.dispose()


def role(settings: Settings, verb: str, program: Path = REPOSITORY) -> Role:
    """With a lease that a busy machine keeps."""
    found = Role(settings, verb, program=program)
    found._environment["LEASE_MS"] = str(int(LEASE_SECONDS * 1_000))
    return found


class Clients:
    """Clients that post to `ingest` and read from `reads`, wherever these are by now.

    What could not be sent because nobody listened is sent again. Every read must be answered, and
    none may show less than one before it.
    """

    def __init__(self, ingest: str, reads: str) -> None:
        self.confirmed: Counter[str] = Counter()
        self.uncertain: Counter[str] = Counter()
        self._stopping = False
        self.ingest = ingest
        self.reads = reads
        self.read = 0

    def stop(self) -> None:
        self._stopping = True

    async def run(self) -> None:
        await asyncio.gather(*(self._posting(seed) for seed in range(2)), self._reading())

    async def _posting(self, seed: int) -> None:
        number = seed
        async with httpx.AsyncClient(timeout=20) as client:
            while not self._stopping:
                number += 1
                counts = {PAGES[number % len(PAGES)]: 1 + number % 7, PAGES[seed]: 2}
                await self._send(client, counts)
                # Processes start meanwhile: that is what the machine is for.
                await asyncio.sleep(0.05)

    async def _send(self, client: httpx.AsyncClient, counts: dict[str, int]) -> None:
        body = {page: {HOUR: count} for page, count in counts.items()}
        while True:
            try:
                answer = await client.post(f"{self.ingest}/page-views/multi", json=body)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
                continue
            except httpx.TransportError:
                self.uncertain.update(counts)
                return
            if answer.status_code == 202:
                self.confirmed.update(counts)
                return
            assert answer.status_code == 503, answer.text
            self.uncertain.update(counts)
            return

    async def _reading(self) -> None:
        seen: dict[str, int] = {}
        async with httpx.AsyncClient(timeout=20) as client:
            while not self._stopping:
                for page in PAGES[:4]:
                    query = {"page": page, "now": "2025-07-16T12:00:00Z"}
                    answer = await client.get(f"{self.reads}/report", params=query)
                    assert answer.status_code == 200, answer.text
                    views = sum(row["v"] for row in answer.json()["data"])
                    assert views >= seen.get(page, 0), f"{page} fell"
                    seen[page] = views
                    self.read += 1
                    await asyncio.sleep(0.02)
