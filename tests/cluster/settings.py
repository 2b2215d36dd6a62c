"""Settings of a cluster: a database, and streams that are on all of its nodes."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from tests.cluster.nodes import PrivateCluster
from tests.conftest import embedded, postgres_database


def streams(settings: Settings) -> Sequence[str]:
    """Their names, by partition."""
    numbers = range(settings.num_partitions)
    return [stream_name(settings.stream_prefix, Partition(p)) for p in numbers]


@asynccontextmanager
async def replicated(
    cluster: PrivateCluster, folder: Path, **changes: Any
) -> AsyncIterator[Settings]:
    """Settings with these `changes`, migrated; both of the test's own."""
    async with postgres_database() as database_url:
        found = replace(
            embedded(folder),
            database_url=database_url,
            rabbitmq_url=cluster.url,
            stream_prefix=f"test-{uuid.uuid4().hex[:12]}",
            **changes,
        )
        await migrate(found)
        await asyncio.to_thread(cluster.wait_until_replicated, *streams(found))
        yield found
