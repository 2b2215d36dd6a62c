"""Whether the numbers can be trusted, for people: what is sure first, then what is wrong."""

from collections.abc import Iterator

from domain.shown import printable
from read_api.stats.state_shapes import Partition, State


def state_text(state: State) -> str:
    """A line for each thing that is known."""
    return "\n".join(map(printable, _lines(state)))


def _lines(state: State) -> Iterator[str]:
    yield _complete(state.complete_until, state.lag_seconds)
    yield f"generation {state.generation}"
    if state.building:
        at = state.building
        progress = "" if at.progress is None else f", {at.progress:.1%}".replace("%", " %")
        yield f"generation {at.generation} is being built ({at.purpose}): {at.state}{progress}"
    for audit in state.audits:
        yield f"audit of {audit.kind}, {audit.at}: difference {audit.difference:,}"
    yield f"oldest hour kept: {state.horizon or 'all are'}"
    if state.dead_letters:
        letters = state.dead_letters
        clock = f", {letters.by_clock:,} of them by a clock" if letters.by_clock else ""
        yield f"dead letters: {letters.letters:,}{clock}"
    for partition in state.partitions:
        yield _partition(partition)


def _partition(found: Partition) -> str:
    why = f"; {found.stands_still}" if found.stands_still else ""
    return f"partition {found.partition}: {_complete(found.complete_until, found.lag_seconds)}{why}"


def _complete(until: str | None, seconds: int | None) -> str:
    if until is None:
        return "until when it is complete is not known"
    return f"complete until {until}, {seconds:,} s ago"
