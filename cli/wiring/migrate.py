"""Bring what the settings name to the newest version, or refuse to start on less."""

from cli.wiring.process import now_ms
from cli.wiring.stores import open_leases
from domain.page_rules import PageRules
from domain.retention import stream_max_age
from domain.settings import Settings
from log.rabbitmq.streams import declare_streams
from log.sqlite.partitions import declare_partitions
from migrations.upgrade import Branch, require_newest, upgrade
from rows.database import database_errors
from rows.engine import engine_at
from rows.rebuild.generations import SqlGenerations


async def migrate(settings: Settings) -> list[str]:
    """Create or upgrade everything the settings name; a line for each layer."""
    partitions = settings.num_partitions
    done = [f"rows: {await _upgrade(settings.rows_url, 'rows')}"]
    if settings.rabbitmq_url is None:
        done.append(f"log: {await _upgrade(log_url(settings), 'log')}")
        await declare_partitions(settings.log_file, partitions)
    else:
        await declare_streams(
            settings.rabbitmq_url,
            settings.stream_prefix,
            partitions,
            stream_max_age(settings.retention_days),
        )
        done.append(f"log: streams {settings.stream_prefix}.*")
    async with engine_at(settings.rows_url) as engine:
        await SqlGenerations(engine, now_ms).adopt_rules(PageRules(settings.page_rules))
    # After the log has them: from now on every projector tries to read them.
    async with open_leases(settings) as leases:
        await leases.enter(partitions)
        known = len((await leases.ownership()).owners)
    return [*done, f"partitions: {known}"]


def log_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the embedded log."""
    return f"sqlite+aiosqlite:///{settings.log_file}"


async def _upgrade(url: str, branch: Branch) -> str:
    async with engine_at(url) as engine, database_errors():
        return await upgrade(engine, branch)


async def require_migrated(settings: Settings) -> None:
    """Raises `StoreUnavailable` when the rows are not at the version this code expects."""
    await require_newest_at(settings.rows_url)


async def require_newest_at(url: str) -> None:
    """The same of the rows at `url`."""
    async with engine_at(url, read_only=True) as engine, database_errors():
        await require_newest(engine)
