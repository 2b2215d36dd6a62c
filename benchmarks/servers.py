"""A broker and a database of a benchmark's own, empty ones, on the cores it says."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from sqlalchemy import text

from benchmarks.measured import Place, pinned
from benchmarks.processes import REPOSITORY
from domain.settings import Settings
from rows.engine import open_engine
from tests.servers import PrivatePostgres, PrivateRabbitMQ, PrivateServer
from tests.upgrades.released import migrated


class Servers(Struct, frozen=True):
    """Both of them, running."""

    rabbitmq: PrivateRabbitMQ
    postgres: PrivatePostgres


class _Broker(PrivateRabbitMQ):
    # As many schedulers as there are processors, as everywhere but in tests.
    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        return command, {**environment, "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ""}


@asynccontextmanager
async def servers(place: Place) -> AsyncIterator[Servers]:
    """For the time of a block."""
    found = Servers(_Broker(), PrivatePostgres())
    try:
        await asyncio.gather(
            asyncio.to_thread(_start, found.rabbitmq, place),
            asyncio.to_thread(_start, found.postgres, place),
        )
        yield found
    finally:
        # Their folders go with them.
        await asyncio.gather(
            asyncio.to_thread(found.rabbitmq.__exit__, None, None, None),
            asyncio.to_thread(found.postgres.__exit__, None, None, None),
        )


def _start(server: PrivateServer, place: Place) -> None:
    # In the thread that starts it: each has cores of its own.
    with pinned(set(place.cpus)):
        server.start()


@asynccontextmanager
async def database(found: Servers) -> AsyncIterator[str]:
    """The URL of an empty database, dropped afterwards."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    engine = open_engine(found.postgres.url, read_only=True)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        yield found.postgres.url.rpartition("/")[0] + f"/{name}"
        async with engine.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        await engine.dispose()


@asynccontextmanager
async def production_on(
    found: Servers, program: Path = REPOSITORY, prefix: str = ""
) -> AsyncIterator[Settings]:
    """Settings of a Footfall on these servers, migrated by the `program` itself."""
    with TemporaryDirectory(prefix="footfall-bench-") as folder:
        async with database(found) as url:
            settings = Settings(
                data_dir=Path(folder),
                database_url=url,
                rabbitmq_url=found.rabbitmq.url,
                stream_prefix=prefix or f"footfall-{uuid.uuid4().hex[:12]}",
            )
            await migrated(settings, program)
            yield settings
