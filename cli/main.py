"""The `footfall` command."""

from importlib import import_module
from typing import NamedTuple

import click

from cli.output.settings import settings_help
from cli.processes.beginning import ending_quietly
from cli.processes.loading import loading
from domain.version import VERSION


class _Verb(NamedTuple):
    place: str
    """Its module, and what it is called there."""
    does: str
    """The first sentence of its help, so that the list of all takes loading none."""
    listed: bool = True


_VERBS = {
    "up": _Verb(
        "cli.verbs.up:up",
        "Run everything: ingest, projector and read API on one port, the dashboard at /.",
    ),
    "ingest": _Verb(
        "cli.verbs.roles:ingest", "Take page views over HTTP and append them to the log."
    ),
    "projector": _Verb("cli.verbs.roles:projector", "Fold the log into rows."),
    "read-api": _Verb(
        "cli.verbs.roles:read_api", "Answer reports over HTTP, and people at / with a dashboard."
    ),
    # What `up` starts.
    "web": _Verb(
        "cli.verbs.roles:web",
        "Ingest and read API on one port; what `footfall up` starts.",
        listed=False,
    ),
    "key": _Verb(
        "cli.verbs.key:key", "Make, list and take away the keys that open the HTTP doors."
    ),
    "migrate": _Verb(
        "cli.verbs.migrate:migrate",
        "Create or upgrade what the settings name: tables, and streams or the log file.",
    ),
    "check": _Verb(
        "cli.verbs.check:check",
        "Check every layer: versions, settings, databases, log, locks, clocks, partitions, "
        "projectors.",
    ),
    "status": _Verb("cli.verbs.status:status", "Show how far the fold is, partition by partition."),
    "stats": _Verb(
        "cli.verbs.stats:stats", "Ask how often pages were viewed: any pages, any range."
    ),
    "verify": _Verb(
        "cli.verbs.verify:verify", "Prove the counts, or list what is wrong with them."
    ),
    "dead-letters": _Verb(
        "cli.verbs.dead_letters:dead_letters",
        "List, show and retry the messages of the log that are not counted.",
    ),
    "replay": _Verb(
        "cli.verbs.replay:replay", "Rebuild all rows from the log while everything runs."
    ),
    "rollback": _Verb(
        "cli.verbs.replay:rollback",
        "Make the previous generation live again, while everything runs.",
    ),
    # What `replay` starts.
    "load-worker": _Verb(
        "cli.processes.load_workers:load_worker",
        "Part of a rebuild; what `footfall replay` starts.",
        listed=False,
    ),
    "retain": _Verb(
        "cli.verbs.retain:retain",
        "Drop what is past RETENTION_DAYS now, as projectors do every hour.",
    ),
    "roll-up": _Verb(
        "cli.verbs.roll_up:roll_up", "Add up days and months now, as projectors do every minute."
    ),
    "import": _Verb(
        "cli.verbs.import_:import_command",
        "Bring along the past: send the views of access logs, or hourly counts, to the service.",
    ),
}


class _Listed(click.Group):
    """The verbs by the table alone, in its order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, verb in _VERBS.items() if verb.listed]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return click.Command(name, help=_VERBS[name].does) if name in _VERBS else None


class _Verbs(_Listed):
    """Loads a verb's module only when it is asked for, so that each starts quickly."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        module, attribute = _VERBS[name].place.split(":")
        with ending_quietly(name), loading():
            command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _Listed().format_commands(ctx, formatter)


@click.command(cls=_Verbs, epilog=settings_help())
@click.version_option(VERSION, prog_name="footfall")
def main() -> None:
    """Count page views exactly once, and prove it.

    A view comes in over HTTP, is appended to a log, is folded into hourly rows, and comes out in
    a report. Without further settings everything lives in two SQLite files:

    \b
        footfall up
        curl -X POST http://127.0.0.1:3000/page-views/single \\
             -d '{"page":"example.com/page","timestamp":"2025-07-16T10:00:00Z"}'
        curl 'http://127.0.0.1:3000/report?page=example.com/page&now=2025-07-16T11:00:00Z'

    \b
    Exit codes of all verbs: 0 done, or stopped when asked to; 1 not done, a sentence says why and
    what to do; 2 a wrong option or setting, each with a sentence; 3 a newer Footfall has upgraded
    the database; 130 or 143 interrupted.
    """
