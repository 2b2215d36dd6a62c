"""Answers of one state of the rows, where a question needs to know it before it is asked."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from domain.errors import StoreUnavailable
from domain.ports.stats import StatsReader
from domain.stats.answers import Standing
from read_api.stats.shapes import Answer


class Told(NamedTuple):
    """An answer, and what its numbers are of."""

    answer: Answer
    standing: Standing


def told_by(by: Standing | None, told: Told) -> Told:
    """An answer to a question that was understood by the rows as they were at `by`, if by any."""
    if by is None or (by.same_rows(told.standing) and by.folded == told.standing.folded):
        return told
    return Told(told.answer, replace(told.standing, folded=None))


class Stood(Protocol):
    """What says of which state its numbers are."""

    @property
    def standing(self) -> Standing:
        """The state."""


Found = TypeVar("Found", bound=Stood)

_TRIES = 5


async def as_it_stands(reader: StatsReader, read: Callable[[Standing], Awaitable[Found]]) -> Found:
    """What `read` finds, once that is of the state it was given.

    A horizon and the hours that are complete move once in an hour, a generation is promoted by
    somebody.
    """
    standing = await reader.standing()
    for _ in range(_TRIES):
        found = await read(standing)
        if found.standing.asked_alike(standing):
            return found
        standing = found.standing
    raise StoreUnavailable("the rows were replaced again and again while they were read")
