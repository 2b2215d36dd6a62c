"""footfall roll-up"""

import click

from cli.output.saying import say
from cli.processes.running import Signalled, run, settings_or_exit
from cli.wiring.aggregates import open_roll_ups
from cli.wiring.versions import require_migrated
from domain.aggregates import RolledUp
from domain.errors import Interrupted
from projector.aggregates.rolling import RollUpListener


class _Told(RollUpListener):
    def rolled_up(self, done: int, total: int) -> None:
        say(f"{done:,} of {total:,} days", err=True)


@click.command("roll-up")
@click.option("--again", is_flag=True, help="Make all sums anew, also those that are there.")
def roll_up(again: bool) -> None:
    """Add up days and months now, as projectors do every minute.

    Statistics of long ranges are answered from sums beside the hourly rows: views of each page by
    day and month, of each site by hour. Views that come late make a day due again; until it is
    added up, answers take its hourly rows, so that they are exact at any moment, and only slower.

    Days that are over are added up, months once all of their days are. Nothing is while a projector
    of a version before 0.3.0 folds, which does not say what it changes.

    footfall verify holds the sums against the rows; --again makes them anew.

    Exit code 1 when another process is at it.
    """
    settings = settings_or_exit()

    async def main() -> int:
        signalled = Signalled()
        await require_migrated(settings)
        lease_seconds = settings.lease_ms / 1_000
        async with open_roll_ups(settings, "roll-up") as roll_ups:
            try:
                done = await roll_ups.run(
                    signalled.stop.is_set, _Told(), anew=again, wait_seconds=lease_seconds * 1.2
                )
            except Interrupted:
                say("interrupted: what is done is kept, run the command again", err=True)
                return signalled.exit_code
        say(said_of(done))
        return 0

    run(main())


def said_of(done: RolledUp) -> str:
    """In a line or two."""
    lines = [f"added up: {done}"] if done.days or done.months else []
    if done.unmarked:
        lines.append(
            "no sum is made where a projector of a version before 0.3.0 folds, or did last: leave "
            "only projectors of this version running (footfall status says which there are)"
        )
    return "\n".join(lines) or "nothing is due"
