"""footfall retain"""

import click

from cli.processes.running import run, settings_or_exit
from cli.wiring.housekeeping import open_housekeeping
from cli.wiring.migrate import require_migrated
from cli.wiring.process import configure_logging
from domain.hours import as_text
from domain.retention import Removal
from domain.settings import Settings
from log.opening import open_log


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def retain(dry_run: bool) -> None:
    """Drop what is past RETENTION_DAYS now, as projectors do every hour.

    What goes: rows of hours older than that, the log's entries recorded more than a day before
    them (RabbitMQ does that by itself), generations that are not kept any longer, and what the
    fold does not look at any more. With RETENTION_DAYS=0 rows, log and dead letters stay.

    The horizon, the oldest hour kept, only moves forward: a larger RETENTION_DAYS brings nothing
    back. Exit code 1 when another process is at it.
    """
    settings = settings_or_exit()
    configure_logging(settings)

    async def main() -> int:
        await require_migrated(settings)
        async with open_housekeeping(settings, "retain") as house:
            removal = await (house.retention.preview() if dry_run else house.retain())
        click.echo("\n".join(_lines(settings, removal, "would go" if dry_run else "gone")))
        return 0

    run(main())


def _lines(settings: Settings, removal: Removal, gone: str) -> list[str]:
    days = settings.retention_days
    kept = f"oldest hour kept: {as_text(removal.horizon)}" if days else "rows are kept for ever"
    log = sum(removal.log_entries.values())
    lines = [f"RETENTION_DAYS={days}: {kept}"]
    lines += [f"{gone}: {rows}" for rows in removal.rows]
    lines += [f"{gone}: generation {generation}" for generation in removal.generations]
    lines += [f"{gone}: {log:,} log entries"] if log else []
    positions, letters = removal.leftovers.positions, removal.leftovers.dead_letters
    lines += [f"{gone}: {positions:,} producer positions"] if positions else []
    lines += [f"{gone}: {letters:,} dead letters"] if letters else []
    if len(lines) == 1:
        lines.append("nothing is past")
    if removal.waiting_rows:
        rows = f"{removal.waiting_rows:,} rows past the horizon"
        lines.append(f"{rows} stay on disk until their month is over, in no report")
    kept_in = open_log(settings)
    if kept_in.trimmer() is None and days:
        lines.append(f"{kept_in.name} drops the beginning of its streams by itself: footfall check")
    return lines
