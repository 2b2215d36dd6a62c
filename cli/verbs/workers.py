"""An option of all verbs that serve."""

import click

WORKERS = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that answer behind the one port, about one a processor core (WORKERS, 1).",
)
