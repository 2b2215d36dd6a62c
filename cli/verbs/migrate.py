"""footfall migrate"""

from functools import partial

import click

from cli.processes.running import run, settings_or_exit
from cli.wiring.migrate import migrate as migrate_all


@click.command()
def migrate() -> None:
    """Create or upgrade what the settings name: tables, and streams or the log file.

    Safe to run again and from several places at once. `footfall up` does it by itself; with
    separate roles run it once before them and after every upgrade. Each database is changed in one
    transaction: interrupted, killed or refused, it has changed nothing there and can be run again.
    """
    settings = settings_or_exit()

    async def main() -> int:
        for line in await migrate_all(settings, partial(click.echo, err=True)):
            click.echo(line)
        return 0

    run(main())
