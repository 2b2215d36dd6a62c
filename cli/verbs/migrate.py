"""footfall migrate"""

import re
from functools import partial

import click

from cli.output.saying import say
from cli.processes.running import run, settings_or_exit
from cli.wiring.migrate import Month, make_months
from cli.wiring.migrate import migrate as migrate_all
from cli.wiring.replicas import replicate
from log.opening import open_log


def _month(_: click.Context, __: click.Parameter, value: str | None) -> Month | None:
    if value is None:
        return None
    if not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", value, re.ASCII):
        raise click.BadParameter("name a month such as 2019-03")
    return int(value[:4]), int(value[5:])


@click.command()
@click.option(
    "--since",
    metavar="YYYY-MM",
    callback=_month,
    help="Make the months from there on, for an import of the past.",
)
@click.option(
    "--replicas",
    metavar="N",
    type=click.IntRange(1, 255),
    help="Give each stream at least so many in a cluster of RabbitMQ.",
)
def migrate(since: Month | None, replicas: int | None) -> None:
    """Create or upgrade what the settings name: tables, and streams or the log file.

    Safe to run again and from several places at once. `footfall up` does it by itself; with
    separate roles run it once before them and after every upgrade. Each database is changed in one
    transaction: interrupted, killed or refused, it has changed nothing there and can be run again.

    In PostgreSQL each month has a table. Those of the past year (or as long as RETENTION_DAYS says,
    two years at most) and of the 13 months to come are made here, for projectors whose role may
    make none: run it as the owner of the tables (docs/postgresql.md).

    With --replicas streams that are there already get what they lack, one replica after the other.
    It asks RabbitMQ's management API and runs its rabbitmq-streams: on a node as root or the user
    rabbitmq, or where RABBITMQ_ERLANG_COOKIE is set. Elsewhere it prints what to run and ends with
    1 (docs/scaling.md).
    """
    settings = settings_or_exit()

    async def main() -> int:
        size = None if replicas is None else await open_log(settings).initial_size(replicas)
        for line in await migrate_all(settings, partial(say, err=True), size):
            say(line)
        for line in await make_months(settings, since):
            say(line)
        return 0 if replicas is None else await replicate(settings, replicas, say)

    run(main())
