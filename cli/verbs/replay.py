"""footfall replay and rollback"""

from functools import partial

import click

from cli.output.rebuild import Narrator
from cli.processes.load_workers import LoadWorkers
from cli.processes.running import run, settings_or_exit
from cli.wiring.rebuild import rebuilding
from domain.page_rules import PageRules
from projector.rebuild.replay import Replay
from projector.rebuild.replay import abandon as give_up
from projector.rebuild.replay import replay as replay_story
from projector.rebuild.rollback import rollback as rollback_story

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

    Viewers are classed by this program's list of robots, which may move views from one class to
    another. Classes are compared only where the same list has classed the live generation.

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
    narrator = Narrator()
    if abandon:
        run(rebuilding(settings, LoadWorkers(1), partial(give_up, listener=narrator)))
        return
    wanted = Replay(
        PageRules(settings.page_rules),
        carry_over=carry_over,
        dry_run=dry_run,
        accept_diff=accept_diff,
        keep_ms=_KEEP_MS if keep_previous else 0,
    )
    story = partial(replay_story, wanted=wanted, listener=narrator)
    run(rebuilding(settings, LoadWorkers(workers, throttle or 0), story))


@click.command()
def rollback() -> None:
    """Make the previous generation live again, while everything runs.

    It is the one that `footfall replay --keep-previous` left: what was appended since is folded
    into it first, then it is promoted as a replay would, and the generation that was live takes
    its place as the previous one. Interrupted, it goes on when run again.
    """
    settings = settings_or_exit()
    story = partial(rollback_story, keep_ms=_KEEP_MS, listener=Narrator())
    run(rebuilding(settings, LoadWorkers(1), story))
