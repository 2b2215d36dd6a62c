"""footfall retain"""

import sys

import click

from cli.output.clocks import held_line, reset_lines
from cli.output.saying import say
from cli.processes.running import run, settings_or_exit
from cli.wiring.housekeeping import Housekeeping, open_housekeeping
from cli.wiring.versions import require_migrated
from domain.hours import as_text
from domain.retention import Removal
from domain.settings import Settings
from log.opening import open_log


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--accept-clock",
    is_flag=True,
    help="A clock that jumped ahead is right: drop what is past by it.",
)
@click.option(
    "--reset-horizon",
    is_flag=True,
    help="Move the oldest hour kept back to what RETENTION_DAYS means now; drops nothing.",
)
@click.option("--yes", is_flag=True, help="Do it without being asked.")
def retain(dry_run: bool, accept_clock: bool, reset_horizon: bool, yes: bool) -> None:
    """Drop what is past RETENTION_DAYS now, as projectors do every hour.

    What goes: rows of hours older than that, the log's entries recorded more than a day before
    them (RabbitMQ does that by itself), generations that are not kept any longer, and what the
    fold does not look at any more. With RETENTION_DAYS=0 rows, log and dead letters stay.

    A clock that is more than a day ahead of what is known drops nothing, until the service ran for
    as long as the jump, or --accept-clock says that it is right.

    The horizon, the oldest hour kept, only moves forward: a larger RETENTION_DAYS brings nothing
    back. Where a wrong clock moved it too far, or RETENTION_DAYS was too small for a while,
    --reset-horizon shows what moving it back brings, asks, and does it. Rows that were dropped
    meanwhile come back by footfall replay, as far as the log still holds their views.

    Exit code 1 when another process is at it, or where nobody said yes.
    """
    if reset_horizon and (dry_run or accept_clock):
        raise click.UsageError("--reset-horizon goes by itself: it drops nothing")
    if dry_run and accept_clock:
        raise click.UsageError("--dry-run changes nothing: leave --accept-clock out")
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        async with open_housekeeping(settings, "retain") as house:
            if reset_horizon:
                return await _reset(house, yes)
            if accept_clock:
                await house.accept_clock()
            removal = await (house.retention.preview() if dry_run else house.retain())
        say("\n".join(_lines(settings, removal, "would go" if dry_run else "gone")))
        return 0

    run(main())


async def _reset(house: Housekeeping, yes: bool) -> int:
    wanted = await house.horizon.preview()
    say("\n".join(reset_lines(wanted)))
    if not wanted.needed:
        return 0
    if not yes and not (sys.stdin.isatty() and click.confirm("move it back?")):
        say("nothing is changed: --yes moves it back", err=True)
        return 1
    done = await house.reset()
    say(f"oldest hour kept from now on: {as_text(done.new)}")
    return 0


def _lines(settings: Settings, removal: Removal, gone: str) -> list[str]:
    days = settings.retention_days
    kept = f"oldest hour kept: {as_text(removal.horizon)}" if days else "rows are kept for ever"
    log = sum(removal.log_entries.values())
    lines = [f"RETENTION_DAYS={days}: {kept}"]
    # Months without a row are made ahead, and go without a word.
    lines += [f"{gone}: {rows}" for rows in removal.rows if rows.rows]
    lines += [f"{gone}: generation {generation}" for generation in removal.generations]
    lines += [f"{gone}: {log:,} log entries"] if log else []
    positions, letters = removal.leftovers.positions, removal.leftovers.dead_letters
    lines += [f"{gone}: {positions:,} producer positions"] if positions else []
    lines += [f"{gone}: {letters:,} dead letters"] if letters else []
    if len(lines) == 1:
        lines.append("nothing is past")
    if removal.held is not None:
        lines.append(held_line(removal.held))
    if removal.waiting_rows:
        rows = f"{removal.waiting_rows:,} rows past the horizon"
        lines.append(f"{rows} stay on disk until their month is over, in no report")
    kept_in = open_log(settings)
    if kept_in.trimmer() is None and days:
        lines.append(f"{kept_in.name} drops the beginning of its streams by itself: footfall check")
    return lines
