"""What a person is told while a generation is built: talk on stderr, the comparison on stdout."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from cli.output.agents import listed
from cli.output.progress import progress_bar
from cli.output.saying import say
from domain.errors import FootfallError
from domain.events import Generation
from domain.generations import Diff, DimensionDifference, GenerationInfo, HourDifference
from domain.hours import as_text
from domain.shown import printable
from projector.rebuild.listener import ReplayListener
from projector.rebuild.steps import Progress

_DAY_MS = 24 * 3_600_000


class Narrator(ReplayListener):
    """A line, a bar or a table for each moment."""

    def building(self, info: GenerationInfo) -> None:
        _say(f"building generation {info.generation}")

    def going_on(self, info: GenerationInfo) -> None:
        _say(f"going on with generation {info.generation}")

    def loading(
        self, progress: Callable[[], Awaitable[Progress]]
    ) -> AbstractAsyncContextManager[None]:
        return progress_bar("loading", progress)

    def sorting(self) -> None:
        _say("sorting")

    def catching_up(self) -> None:
        _say("catching up")

    def comparing(self) -> None:
        _say("comparing")

    def compared(self, diff: Diff, hours_left_out: int) -> None:
        say(summary(diff))
        if hours_left_out:
            say(
                f"NOT COMPARED: {hours_left_out:,} hours before {as_text(diff.first_hour)}, of "
                "which the log no longer holds every event"
            )

    def dropped_again(self, info: GenerationInfo) -> None:
        _say(f"dry run: generation {info.generation} is dropped again")

    def rolled_up(self, done: int, total: int) -> None:
        _say(f"adding days up: {done:,} of {total:,}")

    def live(self, info: GenerationInfo, keep_ms: int) -> None:
        _say(f"generation {info.generation} is live")
        if keep_ms:
            _say(f"the previous one is kept for {keep_ms // _DAY_MS} days: footfall rollback")

    def old_dropped(self, generation: Generation) -> None:
        _say(f"generation {generation} is dropped")

    def old_left(self, generation: Generation, error: FootfallError) -> None:
        _say(f"generation {generation} is left to the projectors: {error}")

    def nothing_under_way(self) -> None:
        _say("no rebuild is under way")

    def given_up(self, info: GenerationInfo) -> None:
        now = "the previous one again" if info.purpose == "rollback" else "dropped"
        _say(f"generation {info.generation} is {now}")


def summary(diff: Diff) -> str:
    """The comparison as text."""
    what = "pages, classes and hours" if diff.by_class else "pages and hours"
    lines = [
        f"{'':16}{'live':>16}{'new':>16}",
        f"{'generation':16}{diff.old:>16}{diff.new:>16}",
        f"{'rows':16}{diff.old_rows:>16,}{diff.new_rows:>16,}",
        f"{'views':16}{diff.old_views:>16,}{diff.new_views:>16,}",
        f"{what} that differ: {diff.differing:,}",
    ]
    lines += [
        f"  {as_text(row.hour)}  {row.old:>12,} -> {row.new:<12,}  {_looked(row)}{row.page[:120]}"
        for row in diff.largest
    ]
    if diff.differing_beside:
        lines.append(f"sites, hours and values that differ: {diff.differing_beside:,}")
        lines += map(_beside, diff.largest_beside)
    if not diff.by_class and (diff.old_lists or diff.new_lists):
        lines.append(
            f"NOT COMPARED: classes of viewers; the live generation was classed by "
            f"{listed(diff.old_lists)}, the new one by {listed(diff.new_lists)}"
        )
    return "\n".join(lines)


def _beside(row: DimensionDifference) -> str:
    value = printable(row.value) or "(none)"
    return (
        f"  {as_text(row.hour)}  {row.old:>12,} -> {row.new:<12,}  {_looked(row)}"
        f"{printable(row.site)[:120]} {row.dimension.name.lower()} {value}"
    )


def _looked(row: HourDifference | DimensionDifference) -> str:
    return "" if row.agent is None else f"{row.agent.name.lower():9}"


def _say(line: str) -> None:
    say(line, err=True)
