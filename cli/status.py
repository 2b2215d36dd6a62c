"""footfall status"""

import click
import msgspec

from cli.running import run, settings_or_exit
from cli.wiring import now_ms, open_reader, open_store, require_migrated
from projector.status import Status, read_status

_HEADER = ("partition", "first", "last", "checkpoint", "lag", "seconds", "events", "views")


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
    """
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        reader = open_reader(settings)
        try:
            async with open_store(settings) as store:
                found = await read_status(reader, store, now_ms, settings.num_partitions)
        finally:
            await reader.close()
        click.echo(msgspec.json.encode(found).decode() if as_json else _table(found))
        return 1 if any(row.error for row in found.partitions) else 0

    run(main())


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
        )
        for row in found.partitions
    ]
    total = ("all", "", "", "", _text(found.lag), "", str(found.events), str(found.views))
    widths = [max(len(row[i]) for row in [*rows, total]) for i in range(len(_HEADER))]
    lines = [
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        for row in [*rows, total]
    ]
    errors = [f"partition {row.partition}: {row.error}" for row in found.partitions if row.error]
    return "\n".join([*lines, *errors])


def _text(value: int | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
