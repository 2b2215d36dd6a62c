"""Bring what the settings name to the newest version, or refuse to start on less."""

from cli.wiring.process import now_ms
from domain.page_rules import PageRules
from domain.settings import Settings
from log.opening import open_log
from migrations.turn import Say
from migrations.upgrade import Branch, require_newest, silent, upgrade
from rows.database import database_errors
from rows.engine import engine_at
from rows.opening import open_rows
from rows.sqlite.others import require_no_others


async def migrate(settings: Settings, say: Say = silent) -> list[str]:
    """Create or upgrade everything the settings name; a line for each layer.

    `say` is told what may take its time, before it begins.
    """
    done = [f"rows: {await _upgrade(settings.rows_url, 'rows', say)}"]
    done.append(f"log: {await open_log(settings).declare(lambda url: _upgrade(url, 'log', say))}")
    async with open_rows(settings, now_ms) as rows:
        await rows.generations.adopt_rules(PageRules(settings.page_rules))
        # After the log has them: from now on every projector tries to read them.
        await rows.leases.enter(settings.num_partitions)
        known = len((await rows.leases.ownership()).owners)
    return [*done, f"partitions: {known}"]


async def _upgrade(url: str, branch: Branch, say: Say) -> str:
    # Patient: a new key for many rows takes as long as it takes.
    async with engine_at(url, patient=True) as engine, database_errors():
        await require_no_others(engine)
        return await upgrade(engine, branch, say)


async def require_migrated(settings: Settings) -> None:
    """Raises `StoreUnavailable` when the rows are not at the version this code expects."""
    await require_newest_at(settings.rows_url)


async def require_newest_at(url: str) -> None:
    """The same of the rows at `url`."""
    async with engine_at(url, read_only=True) as engine, database_errors():
        await require_newest(engine)
