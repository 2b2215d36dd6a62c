"""footfall replay and rollback"""

from functools import partial

import click

from cli.output.progress import shown
from cli.processes.load_workers import LoadWorkers
from cli.processes.running import run, settings_or_exit
from cli.wiring.process import configure_logging
from cli.wiring.rebuild import rebuilding
from domain.errors import FootfallError, ReplayError
from domain.generations import Diff, GenerationInfo
from domain.hours import as_text
from domain.page_rules import PageRules
from domain.settings import Settings
from projector.rebuild.steps import Rebuild, check_under_way

KEEP_DAYS = 7
_KEEP_MS = KEEP_DAYS * 24 * 3_600_000


@click.command()
@click.option("--dry-run", is_flag=True, help="Stop after the comparison, leave nothing behind.")
@click.option("--accept-diff", is_flag=True, help="Promote although counts differ.")
@click.option(
    "--carry-over",
    is_flag=True,
    help="Copy the hours that the log no longer holds whole from the live generation.",
)
@click.option(
    "--keep-previous",
    is_flag=True,
    help=f"Keep the old generation for footfall rollback, for {KEEP_DAYS} days.",
)
@click.option("--abandon", is_flag=True, help="Drop the rebuild that is under way, do no other.")
@click.option(
    "--throttle",
    type=click.IntRange(min=1),
    metavar="EVENTS",
    help="Load at most so many events a second.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=LoadWorkers.one_a_core().number,
    show_default="one a core",
    help="Processes that load.",
)
def replay(
    dry_run: bool,
    accept_diff: bool,
    carry_over: bool,
    keep_previous: bool,
    abandon: bool,
    throttle: int | None,
    workers: int,
) -> None:
    """Rebuild all rows from the log while everything runs.

    The log is folded from its beginning into a new generation of rows beside the live one, which
    is what reports go on reading. When the new one has caught up, both are compared by page and
    hour at the same offsets. Where they agree the new one is promoted in one transaction: no
    report fails, is empty or falls back. Where they differ nothing is promoted; look at the
    differences, then run it again with --accept-diff, or --abandon it.

    \b
    To apply a changed counting rule to history:
        PAGE_RULES=lower-host,strip-trailing-slash footfall replay --accept-diff --keep-previous

    Whenever it is interrupted (Ctrl-C, kill, a broker or database that went away), run it again:
    it goes on where it was. Only one rebuild can be under way.

    A log that no longer holds all events of the hours that are kept cannot give them back: replay
    refuses and says which, unless --carry-over copies just these from the live generation.

    \b
    Exit codes: 0 promoted (or no difference in a dry run); 1 not; 2 wrong usage; 130 Ctrl-C.
    """
    settings = settings_or_exit()
    configure_logging(settings)
    if abandon:
        run(_rebuild(settings, LoadWorkers(1), _abandon))
        return
    rules = PageRules(settings.page_rules)
    steps = partial(
        _replay,
        rules=rules,
        carry_over=carry_over,
        dry_run=dry_run,
        accept_diff=accept_diff,
        keep_ms=_KEEP_MS if keep_previous else 0,
    )
    run(_rebuild(settings, LoadWorkers(workers, throttle or 0), steps))


@click.command()
def rollback() -> None:
    """Make the previous generation live again, while everything runs.

    It is the one that `footfall replay --keep-previous` left: what was appended since is folded
    into it first, then it is promoted as a replay would, and the generation that was live takes
    its place as the previous one. Interrupted, it goes on when run again.
    """
    settings = settings_or_exit()
    configure_logging(settings)
    run(_rebuild(settings, LoadWorkers(1), _rollback))


async def _rebuild(settings: Settings, load: LoadWorkers, steps: object) -> int:
    return await rebuilding(settings, load, steps)  # type: ignore[arg-type]


async def _replay(
    rebuild: Rebuild,
    *,
    rules: PageRules,
    carry_over: bool,
    dry_run: bool,
    accept_diff: bool,
    keep_ms: int,
) -> None:
    info = await rebuild.under_way()
    if info is None:
        info = await rebuild.begin("replay", rules, carry_over=carry_over)
        click.echo(f"building generation {info.generation}", err=True)
    else:
        check_under_way(info, "replay", rules)
        click.echo(f"going on with generation {info.generation}", err=True)
    await load_shown(rebuild, info)
    diff = await compare_shown(rebuild, info)
    if dry_run:
        await rebuild.drop(info.generation)
        click.echo(f"dry run: generation {info.generation} is dropped again", err=True)
        if diff.differing:
            raise ReplayError("counts differ")
        return
    if diff.differing and not accept_diff:
        raise ReplayError(
            "counts differ, nothing is promoted: run it again with --accept-diff, or --abandon"
        )
    await _promote(rebuild, info, keep_ms)
    if not keep_ms:
        await _drop_old(rebuild, diff)


async def _drop_old(rebuild: Rebuild, diff: Diff) -> None:
    try:
        await rebuild.drop(diff.old)
    except FootfallError as error:
        # A projector drops what is over too; whoever is second finds nothing left.
        click.echo(f"generation {diff.old} is left to the projectors: {error}", err=True)
    else:
        click.echo(f"generation {diff.old} is dropped", err=True)


async def _rollback(rebuild: Rebuild) -> None:
    info = await rebuild.under_way()
    if info is None:
        info = await rebuild.reopen("rollback")
    else:
        check_under_way(info, "rollback", PageRules(info.page_rules))
    await _promote(rebuild, info, _KEEP_MS)


async def _abandon(rebuild: Rebuild) -> None:
    info = await rebuild.under_way()
    if info is None:
        click.echo("no rebuild is under way", err=True)
        return
    await rebuild.give_up(info)
    kept = "the previous one again" if info.purpose == "rollback" else "dropped"
    click.echo(f"generation {info.generation} is {kept}", err=True)


async def _promote(rebuild: Rebuild, info: GenerationInfo, keep_ms: int) -> None:
    await rebuild.promote(info.generation, keep_ms)
    click.echo(f"generation {info.generation} is live", err=True)
    if keep_ms:
        click.echo(f"the previous one is kept for {KEEP_DAYS} days: footfall rollback", err=True)


async def load_shown(rebuild: Rebuild, info: GenerationInfo) -> None:
    """Load and catch up, with a bar."""
    targets = await rebuild.targets()
    if info.state == "loading":
        async with shown("loading", lambda: rebuild.progress(info.generation, targets)):
            await rebuild.load(info)
        click.echo("sorting", err=True)
        await rebuild.finish_loading(info)
    click.echo("catching up", err=True)
    await rebuild.catch_up(info.generation)


async def compare_shown(rebuild: Rebuild, info: GenerationInfo) -> Diff:
    """Compare and print the summary on stdout."""
    click.echo("comparing", err=True)
    diff = await rebuild.compare(info)
    click.echo(summary(diff))
    if left_out := await rebuild.hours_left_out(diff):
        first = as_text(diff.first_hour)
        click.echo(
            f"NOT COMPARED: {left_out:,} hours before {first}, of which the log no longer holds "
            "every event"
        )
    return diff


def summary(diff: Diff) -> str:
    """The comparison as text."""
    lines = [
        f"{'':16}{'live':>16}{'new':>16}",
        f"{'generation':16}{diff.old:>16}{diff.new:>16}",
        f"{'rows':16}{diff.old_rows:>16,}{diff.new_rows:>16,}",
        f"{'views':16}{diff.old_views:>16,}{diff.new_views:>16,}",
        f"pages and hours that differ: {diff.differing:,}",
    ]
    lines += [
        f"  {as_text(found.hour)}  {found.old:>12,} -> {found.new:<12,}  {found.page[:120]}"
        for found in diff.largest
    ]
    return "\n".join(lines)
