"""The `footfall` command."""

from importlib import import_module

import click

from cli.output.settings import settings_help
from cli.processes.beginning import ending_quietly
from domain.version import VERSION

_VERBS = {
    "up": "cli.verbs.up:up",
    "ingest": "cli.verbs.roles:ingest",
    "projector": "cli.verbs.roles:projector",
    "read-api": "cli.verbs.roles:read_api",
    "web": "cli.verbs.roles:web",
    "key": "cli.verbs.key:key",
    "migrate": "cli.verbs.migrate:migrate",
    "check": "cli.verbs.check:check",
    "status": "cli.verbs.status:status",
    "stats": "cli.verbs.stats:stats",
    "verify": "cli.verbs.verify:verify",
    "dead-letters": "cli.verbs.dead_letters:dead_letters",
    "replay": "cli.verbs.replay:replay",
    "rollback": "cli.verbs.replay:rollback",
    "load-worker": "cli.processes.load_workers:load_worker",
    "retain": "cli.verbs.retain:retain",
    "roll-up": "cli.verbs.roll_up:roll_up",
    "import": "cli.verbs.import_:import_command",
}


_HIDDEN = ("web", "load-worker")
"""What other verbs start."""


class _Verbs(click.Group):
    """Loads a verb's module only when it is asked for, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _VERBS if name not in _HIDDEN]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        module, attribute = _VERBS[name].split(":")
        with ending_quietly(name):
            command: click.Command = getattr(import_module(module), attribute)
        return command


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
