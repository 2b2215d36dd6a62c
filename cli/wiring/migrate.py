"""Bring what the settings name to the newest version."""

from cli.wiring.process import now_ms
from domain.hours import HOUR_MS, hour_of, to_datetime
from domain.page_rules import PageRules
from domain.settings import Settings
from log.opening import open_log
from migrations.history import Branch
from migrations.turn import Say
from migrations.upgrade import silent, upgrade
from projector.housekeeping.watch import begin_watch
from rows.database import database_errors
from rows.engine import engine_at
from rows.opening import open_rows
from rows.sqlite.others import require_no_others

Month = tuple[int, int]
_DAY_MS = 24 * HOUR_MS
_USUAL_DAYS = 366
_MOST_DAYS = 2 * 366
_AHEAD_DAYS = 400


async def migrate(settings: Settings, say: Say = silent, replicas: int | None = None) -> list[str]:
    """Create or upgrade everything the settings name; a line for each layer.

    `say` is told what may take its time, before it begins. Streams that are made get `replicas`.
    """
    done = [f"rows: {await _upgrade(settings.rows_url, 'rows', say)}"]
    log = open_log(settings)
    done.append(f"log: {await log.declare(lambda url: _upgrade(url, 'log', say), replicas)}")
    async with open_rows(settings, now_ms) as rows:
        await rows.generations.adopt_rules(PageRules(settings.page_rules))
        # Before anything is folded or dropped by what a clock will say later.
        await begin_watch(rows.expiry, now_ms)
        # After the log has them: from now on every projector tries to read them.
        await rows.leases.enter(settings.num_partitions)
        known = len((await rows.leases.ownership()).owners)
    return [*done, f"partitions: {known}"]


async def make_months(settings: Settings, since: Month | None = None) -> list[str]:
    """Tables for the views to come, and for those of the past that are kept; a line if any.

    For those roles that may not make them. From `since` on, or from the horizon, or a year ago.
    """
    now = now_ms()
    days = min(settings.retention_days or _USUAL_DAYS, _MOST_DAYS)
    first = since or _month(now - days * _DAY_MS)
    last = _month(now + _AHEAD_DAYS * _DAY_MS)
    async with open_rows(settings, now_ms) as rows:
        made = await rows.make_months(first, last)
    return [f"months: {first[0]:04}-{first[1]:02} to {last[0]:04}-{last[1]:02}"] if made else []


def _month(at_ms: int) -> Month:
    moment = to_datetime(hour_of(at_ms))
    return moment.year, moment.month


async def _upgrade(url: str, branch: Branch, say: Say) -> str:
    async with engine_at(url, read_only=True) as engine, database_errors():
        await require_no_others(engine)
    # Patient: a new key for many rows takes as long as it takes.
    async with engine_at(url, patient=True) as engine, database_errors():
        return await upgrade(engine, branch, say)
