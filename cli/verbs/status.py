"""footfall status"""

from collections.abc import Iterator, Sequence

import click
import msgspec

from cli.output.agents import class_lines, listed
from cli.output.letters import status_lines
from cli.output.partitions import beyond, fewer_line, missing_line
from cli.output.projectors import waiting_words
from cli.output.saying import say, say_json
from cli.output.troubles import trouble_lines
from cli.processes.running import run, settings_or_exit
from cli.wiring.process import application_name, now_ms
from cli.wiring.versions import require_migrated
from domain.agents.robots import list_version
from domain.generations import GenerationInfo
from domain.hours import as_text, from_datetime, hour_of
from domain.processes import Process
from domain.settings import Settings
from log.opening import open_log
from projector.status import Status, read_status
from rows.opening import open_rows

_HEADER = ("partition", "first", "last", "checkpoint", "lag", "seconds", "events", "views", "owner")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(as_json: bool) -> None:
    """Show how far the fold is, partition by partition.

    \b
    first, last   offsets the log holds
    checkpoint    the next offset to fold
    lag           offsets that are not folded yet
    seconds       how long ago the oldest of them was recorded
    events        folded so far, and the views in them
    owner         the projector that folds it

    All partitions that the database knows, whatever NUM_PARTITIONS is here. Those that are written
    no more are folded to their end and cost nothing after. Below the table: which projectors live,
    the version of each process that database and broker know of (projectors; whoever is connected
    to PostgreSQL, and to RabbitMQ where RABBITMQ_MANAGEMENT_URL is set), the oldest hour that is
    kept, the generations of rows, dead letters, and what is wrong. Exit code 1 when anything is.
    """
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        found = await ask(settings)
        if as_json:
            say_json(msgspec.json.encode(found).decode())
        else:
            say(_table(found))
            for line in number_lines(found, settings.num_partitions, now_ms()):
                say(line)
        return 1 if any(row.error for row in found.partitions) else 0

    run(main())


async def ask(settings: Settings) -> Status:
    """How far the fold is, and who does it."""
    # Read-only: nothing here waits for a writer, or for one that froze.
    name = application_name("status")
    async with open_rows(settings, now_ms, read_only=True, name=name) as rows:
        log = open_log(settings)
        reader = log.reader()
        try:
            return await read_status(
                reader,
                await rows.operations.operations(),
                now_ms,
                settings.num_partitions,
                [*await rows.sessions.all(), *_beside_projectors(await log.connected())],
            )
        finally:
            await reader.close()


def _beside_projectors(connected: Sequence[Process]) -> Sequence[Process]:
    # The rows know these; whom only the broker knows need not hang.
    return [process for process in connected if process.role != "projector"]


def number_lines(found: Status, here: int, now: int) -> Iterator[str]:
    """Where NUM_PARTITIONS is another one here than that of the service."""
    known = [row.partition for row in found.partitions]
    fewer = fewer_line(here, beyond(found.partitions, here, now))
    yield from filter(None, (missing_line(here, known), fewer))


def _table(found: Status) -> str:
    rows = [_HEADER] + [
        (
            str(row.partition),
            _text(row.first if row.end != row.first else None),
            _text(row.end - 1 if row.end and row.end != row.first else None),
            str(row.checkpoint),
            _text(row.lag),
            _text(row.lag_seconds),
            str(row.events),
            str(row.views),
            row.owner or "-",
        )
        for row in found.partitions
    ]
    total = ("all", "", "", "", _text(found.lag), "", str(found.events), str(found.views), "")
    widths = [max(len(row[i]) for row in [*rows, total]) for i in range(len(_HEADER))]
    lines = [
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [*rows, total]
    ]
    projectors = ", ".join(found.projectors) or "none: nothing is folded"
    if found.waiting:
        projectors += f"; {waiting_words(found.waiting)}"
    errors = trouble_lines(found.partitions)
    oldest = as_text(from_datetime(found.horizon)) if found.horizon else ""
    live = next(info for info in found.generations if info.state == "live")
    kept = f"{oldest}, older hours are in no report" if oldest else ""
    return "\n".join(
        [
            *lines,
            f"projectors alive: {projectors}",
            *_versions(found.processes),
            f"oldest hour kept: {kept or 'all are'}",
            *map(_generation, found.generations),
            *class_lines(live.agent_lists, list_version()),
            *status_lines(found.dead_letters),
            *errors,
        ]
    )


def _versions(processes: Sequence[Process]) -> list[str]:
    """A line for each version, with those that are of it."""
    by_version: dict[str, list[str]] = {}
    for process in processes:
        version = process.version or "unknown (0.2.0 or before)"
        words = [process.role, process.place or _connections(process)]
        by_version.setdefault(version, []).append(" ".join(filter(None, words)))
    return [f"version {version}: {', '.join(by_version[version])}" for version in by_version]


def _connections(process: Process) -> str:
    number = process.connections or 0
    return f"{number} connection{'' if number == 1 else 's'}"


def _generation(info: GenerationInfo) -> str:
    parts = [f"generation {info.generation}: {info.state}"]
    if info.building:
        parts.append(f"footfall {info.purpose} builds it")
    if info.state == "previous":
        parts.append(f"for footfall rollback until {_moment(info.kept_until_ms)}")
    if info.page_rules:
        parts.append(f"PAGE_RULES {info.page_rules}")
    if info.agent_lists:
        parts.append(f"viewers classed by {listed(info.agent_lists)}")
    if info.carried_before is not None:
        hour = as_text(info.carried_before)
        parts.append(f"hours before {hour} carried over, not counted again")
    return ", ".join(parts)


def _moment(at_ms: int) -> str:
    return as_text(hour_of(at_ms))


def _text(value: int | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
