"""footfall stats"""

import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import click

from cli.output.saying import say, say_json
from cli.output.state import state_text
from cli.output.stats import put, stats_text
from cli.output.whole_file import write_whole
from cli.processes.running import run, settings_or_exit
from cli.wiring.process import application_name, now_ms
from cli.wiring.versions import version_at
from domain.errors import FootfallError, RequestRefused
from domain.keys import ANYBODY
from domain.ports.stats import StatsReader
from domain.settings import Settings
from domain.shown import printable
from read_api.awaited import AWAITED, DEFAULT_SECONDS, MAX_SECONDS, POSITION, WAIT, until_folded
from read_api.stats.after import After
from read_api.stats.asking import ENDPOINTS, Endpoint
from read_api.stats.export import NAMES, pieces, read_export
from read_api.stats.formats import FORMATS, Format, json_bytes
from read_api.stats.given import Given
from read_api.stats.last_known import Seen
from read_api.stats.state import told_state
from read_api.stats.tables import encoded
from rows.opening import Rows, open_rows

_WRONG = 2

_OPTIONS: Mapping[str, tuple[str, str]] = {
    "page": ("PAGE", "One page."),
    "prefix": ("TEXT", "All pages that begin with TEXT."),
    "site": ("SITE", "All pages of a site: what stands before the first slash."),
    "source": ("SOURCE", "Only views that came from there; empty: from nowhere."),
    "agent": ("WHO", "person, robot, unknown or all: whose views count; all if left out."),
    "period": ("PERIOD", "24h, today, 7d, 30d, month, 12mo or all: up to the present."),
    "from": ("MOMENT", "In place of --period: a date in --tz, or ISO 8601 (UTC)."),
    "to": ("MOMENT", "Not part of it any more; the present if left out."),
    "unit": ("UNIT", "hour, day, week or month; what shows the range well if left out."),
    "tz": ("ZONE", "Whose days, such as Europe/Berlin; UTC if left out."),
    "compare": ("WHAT", "previous or year: change over whole hours."),
    "order": ("ORDER", "views, change, or page (site or source in a list of these)."),
    "search": ("TEXT", "Only names that hold TEXT."),
    "limit": ("N", "So many at most, 10 if left out."),
    "cursor": ("CURSOR", "Where a list goes on: the answer before says it."),
    POSITION: ("POSITION", "Of a 202 (Footfall-Position): wait until its views are counted."),
    WAIT: ("SECONDS", f"How long, {DEFAULT_SECONDS:g} if left out, at most {MAX_SECONDS:g}."),
    "count": ("WHAT", "all or none: whether pages and rows are counted; all if left out."),
    "trend": ("N", "Also the views in N parts of the range (--json, --csv)."),
}
_HELP = {
    "views": """Views in a range, bucket by bucket.

    \b
        footfall stats views --site example.com
        footfall stats views --page example.com/pricing --period 30d --tz Europe/Berlin
        footfall stats views --from 2025-01-01 --to 2025-07-01 --unit week --compare year
    """,
    "pages": """Pages by their views.

    \b
        footfall stats pages --period today
        footfall stats pages --site example.com --compare previous --order change
        footfall stats pages --search blog --limit 100 --csv > pages.csv
    """,
    "sites": """Sites by their views.

    \b
        footfall stats sites --period month --compare previous
    """,
    "sources": """Where viewers came from: sources by the views they brought.

    \b
        footfall stats sources --site example.com --period 30d
        footfall stats sources --compare previous --order change
    """,
    "movers": """Pages that gained or lost most against the range before.

    \b
        footfall stats movers --period 24h --limit 5
    """,
    "hours-of-week": """Views by weekday and hour of day.

    \b
        footfall stats hours-of-week --period 12mo --tz America/New_York
    """,
    "bounds": """How much there is, and since when.

    \b
        footfall stats bounds
    """,
}


@click.group()
def stats() -> None:
    """Ask how often pages were viewed: any pages, any range.

    Reads the rows directly, by the settings. The questions, their options and their answers are
    those of GET /stats/... of the read API; --json prints what that answers, --csv the rows.

    \b
        footfall stats views --site example.com --period 30d
        footfall stats pages --period today
        footfall stats export --output views.csv

    Without a range it is the last 7 days by hour. Every answer says how the question was
    understood, and below it what whoever reads the numbers should know. Options that cannot be
    read end it with exit code 2.
    """


def _options(names: Sequence[str]) -> list[click.Parameter]:
    return [
        click.Option([f"--{name}", name.replace("from", "from_").replace("-", "_")],
                     metavar=_OPTIONS[name][0], help=_OPTIONS[name][1])
        for name in (*names, *AWAITED)
    ]  # fmt: skip


def _query(given: Mapping[str, str | None]) -> bytes:
    pairs = {
        name.rstrip("_").replace("_", "-"): text for name, text in given.items() if text is not None
    }
    return urlencode(pairs, errors="surrogateescape").encode()


def _asking(endpoint: Endpoint) -> Callable[..., None]:
    def ask(as_json: bool, as_csv: bool, **given: str | None) -> None:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv exclude each other: give one of them")
        settings = settings_or_exit()
        run(_answered(endpoint, settings, given, _format(as_json, as_csv)))

    return ask


def _format(as_json: bool, as_csv: bool) -> Format | None:
    if as_json:
        return Format.JSON
    return Format.CSV if as_csv else None


async def _answered(
    endpoint: Endpoint, settings: Settings, options: Mapping[str, str | None], wanted: Format | None
) -> int:
    await version_at(settings.reports_url)
    name = application_name("stats")
    async with open_rows(settings, now_ms, read_only=True, name=name) as rows:
        try:
            given = Given(_query(options), endpoint.names, ANYBODY)
            answer, _ = await endpoint.read(_after(rows, given), given, now_ms() // 1_000)
        except RequestRefused as refused:
            return _refused(refused)
    if wanted is None:
        say(stats_text(answer))
    elif wanted is Format.JSON:
        say_json(encoded(answer, wanted).decode())
    else:
        put(encoded(answer, wanted))
    return 0


def _after(rows: Rows, given: Given) -> StatsReader:
    """Statistics, read once what is waited for is folded."""
    if given.awaited is None:
        return rows.stats
    return After(rows.stats, partial(until_folded, rows.receipts, given.awaited))


def _refused(refused: RequestRefused) -> int:
    for problem in refused.problems:
        say(f"footfall: {printable(problem.detail)}", err=True)
    return _WRONG


for _endpoint in ENDPOINTS:
    stats.add_command(
        click.Command(
            _endpoint.name,
            callback=_asking(_endpoint),
            params=[
                *_options(_endpoint.names),
                click.Option(["--json", "as_json"], is_flag=True, help="For machines."),
                click.Option(["--csv", "as_csv"], is_flag=True, help="Rows, for spreadsheets."),
            ],
            help=_HELP[_endpoint.name],
        )
    )


@stats.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def state(as_json: bool) -> None:
    """Whether the numbers can be trusted: how complete they are, and what is wrong.

    \b
        footfall stats state

    What GET /stats/state answers, which --json prints. footfall status has the log beside it: how
    many offsets are not folded yet.
    """
    run(_state(settings_or_exit(), as_json))


async def _state(settings: Settings, as_json: bool) -> int:
    await version_at(settings.reports_url)
    name = application_name("stats")
    async with open_rows(settings, now_ms, read_only=True, name=name) as rows:
        told = told_state(Seen(await rows.facts.state()), settings.retention_days)
    if as_json:
        say_json(json_bytes(told).decode())
    else:
        say(state_text(told))
    return 0


def export(output: Path | None, format_: str, **given: str | None) -> None:
    """All rows of a selection (hour, page, views), by page and hour; the whole past if no range.

    \b
        footfall stats export --output views.csv
        footfall stats export --site example.com --format ndjson | gzip > example.ndjson.gz
        footfall import --format counts views.csv --to http://127.0.0.1:3000

    The CSV is what footfall import reads, without a difference: a page that a spreadsheet would
    compute (=, +, -, @) has a single quote in front, which the import takes away again. FILE is
    there once it is whole. To standard output: exit code 0 says that it is.
    """
    settings = settings_or_exit()
    run(_exported(settings, given, output, FORMATS[format_]))


stats.add_command(
    click.Command(
        "export",
        callback=export,
        params=[
            *_options(NAMES),
            click.Option(
                ["--output"],
                type=click.Path(dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Where to, standard output if left out.",
            ),
            click.Option(
                ["--format", "format_"],
                type=click.Choice(list(FORMATS)),
                default=Format.CSV.value,
                show_default=True,
            ),
        ],
        help=export.__doc__,
    )
)


async def _exported(
    settings: Settings, options: Mapping[str, str | None], output: Path | None, wanted: Format
) -> int:
    await version_at(settings.reports_url)
    name = application_name("stats")
    async with open_rows(settings, now_ms, read_only=True, name=name) as rows:
        try:
            given = Given(_query(options), NAMES, ANYBODY)
            asked = read_export(given, now_ms() // 1_000)
        except RequestRefused as refused:
            return _refused(refused)
        async with aclosing(pieces(_after(rows, given), asked, wanted)) as made:
            try:
                if output is None:
                    return await _to_stdout(made)
                await write_whole(made, output)
                return 0
            except OSError as error:
                raise FootfallError(f"the export cannot be written: {error.strerror}") from error


async def _to_stdout(made: AsyncGenerator[bytes, None]) -> int:
    async for piece in made:
        try:
            put(piece)
        except BrokenPipeError:
            # Whoever read has enough; nobody is left to be told.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    return 0
