"""The `footfall` command."""

from importlib import import_module

import click

_VERBS = {
    "up": "cli.verbs.up:up",
    "ingest": "cli.verbs.roles:ingest",
    "projector": "cli.verbs.roles:projector",
    "read-api": "cli.verbs.roles:read_api",
    "web": "cli.verbs.roles:web",
    "migrate": "cli.verbs.migrate:migrate",
    "check": "cli.verbs.check:check",
    "status": "cli.verbs.status:status",
    "verify": "cli.verbs.verify:verify",
    "replay": "cli.verbs.replay:replay",
    "rollback": "cli.verbs.replay:rollback",
    "load-worker": "cli.processes.load_workers:load_worker",
    "retain": "cli.verbs.retain:retain",
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
        command: click.Command = getattr(import_module(module), attribute)
        return command


SETTINGS_HELP = """
\b
Settings come from the environment:
  DATA_DIR            where the embedded files are         ./footfall-data
  RABBITMQ_URL        amqp://USER:PASSWORD@HOST/VHOST: the log is in RabbitMQ;
                      the nodes of a cluster with commas between
  DATABASE_URL        postgresql://USER:PASSWORD@HOST/DB: the rows are in PostgreSQL
  READ_DATABASE_URL   a replica of it that reports are read from
  POSTGRES_HOST, _PORT, _USER, _PASSWORD, _DB: the same in parts
  NUM_PARTITIONS      slices of the log                                    10
  NUM_SHARDS          rows a page and hour is spread over                  10
  FLUSH_INTERVAL_MS   how long the projector gathers before it commits   1000
  BATCH_SIZE          most events it gathers                            20000
  LINGER_MS           how long ingest waits for company                     5
  REQUEST_TIMEOUT_MS  after which a request is answered 503             10000
  LEASE_MS            after which a silent projector loses its partitions 10000
  PAGE_RULES          how pages are named when they are counted, see replay
  RETENTION_DAYS      how long views are kept, 0 for ever                   0
  RABBITMQ_MANAGEMENT_URL  where check asks how long the broker keeps streams
  STREAM_PREFIX       of the streams' names             footfall.page-views
  HOST, PORT          where to listen                      127.0.0.1, 3000
  WORKERS             processes that answer there                           1
  LOG_LEVEL           DEBUG, INFO, WARNING or ERROR                      INFO
"""


@click.command(cls=_Verbs, epilog=SETTINGS_HELP)
@click.version_option(package_name="footfall")
def main() -> None:
    """Count page views exactly once, and prove it.

    A view comes in over HTTP, is appended to a log, is folded into hourly rows, and comes out in
    a report. Without further settings everything lives in two SQLite files:

    \b
        footfall up
        curl -X POST http://127.0.0.1:3000/page-views/single \\
             -d '{"page":"example.com/page","timestamp":"2025-07-16T10:00:00Z"}'
        curl 'http://127.0.0.1:3000/report?page=example.com/page&now=2025-07-16T11:00:00Z'
    """
