"""footfall status"""

import click
import msgspec

from cli.running import run, settings_or_exit
from cli.wiring import now_ms, open_leases, open_reader, open_store, require_migrated
from domain.settings import Settings
from projector.status import Status, read_status

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

    Partitions beyond NUM_PARTITIONS were written when it was larger; they are folded to their end
    and cost nothing after. Below the table: who is alive, and what is wrong. Exit code 1 when
    anything is.
    """
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        found = await ask(settings)
        click.echo(msgspec.json.encode(found).decode() if as_json else _table(found))
        return 1 if any(row.error for row in found.partitions) else 0

    run(main())


async def ask(settings: Settings) -> Status:
    """How far the fold is, and who does it."""
    reader = open_reader(settings)
    try:
        async with open_store(settings) as store, open_leases(settings) as leases:
            return await read_status(reader, store, leases, now_ms, settings.num_partitions)
    finally:
        await reader.close()


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
    errors = [f"partition {row.partition}: {row.error}" for row in found.partitions if row.error]
    return "\n".join([*lines, f"projectors alive: {projectors}", *errors])


def _text(value: int | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
