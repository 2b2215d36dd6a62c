"""Answers of one state of the rows, where a question needs to know it before it is asked."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeVar

from domain.errors import StoreUnavailable
from domain.ports.stats import StatsReader
from domain.stats.answers import Standing
from read_api.stats.shapes import Answer


class Told(NamedTuple):
    """An answer, and what its numbers are of."""

    answer: Answer
    standing: Standing


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
