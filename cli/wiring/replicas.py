"""Who holds the streams of all partitions that are known."""

from collections.abc import Sequence

from cli.output.members import lines
from cli.wiring.process import now_ms
from domain.events import Partition
from domain.settings import Settings
from log.opening import Log
from rows.opening import open_rows


async def replication_lines(settings: Settings, log: Log) -> Sequence[str]:
    """What check says of it, none where the log has no nodes. Raises `StoreUnavailable`."""
    found = await log.replication(await known_partitions(settings))
    return [] if found is None else list(lines(found, settings.rabbitmq_url or ""))


async def known_partitions(settings: Settings) -> Sequence[Partition]:
    """Those that this process would write, and those that projectors fold."""
    async with open_rows(settings, now_ms) as rows:
        entered = (await rows.leases.ownership()).owners
    written = map(Partition, range(settings.num_partitions))
    return sorted({*written, *entered})
