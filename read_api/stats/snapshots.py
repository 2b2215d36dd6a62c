"""Answers of one state of the rows, where a question needs to know it before it is asked."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from domain.errors import StoreUnavailable
from domain.ports.stats import StatsReader
from domain.stats.answers import Standing


class Stood(Protocol):
    """What says of which state its numbers are."""

    @property
    def standing(self) -> Standing:
        """The state."""


Found = TypeVar("Found", bound=Stood)

_TRIES = 5


async def as_it_stands(reader: StatsReader, read: Callable[[Standing], Awaitable[Found]]) -> Found:
    """What `read` finds, once that is of the state it was given.

    A horizon moves once in an hour, a generation is promoted by somebody.
    """
    standing = await reader.standing()
    for _ in range(_TRIES):
        found = await read(standing)
        if found.standing == standing:
            return found
        standing = found.standing
    raise StoreUnavailable("the rows were replaced again and again while they were read")
