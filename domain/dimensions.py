"""What is counted beside pages: one thing more about each view, by site and hour, joined with none.

Each dimension has its own sums. None of them is ever joined with pages or with another: what is
kept of a view apart from its page tells nobody who it was.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from domain.agents.classes import Agent
from domain.events import Hour

OTHER = "other"
"""The value of all views in an hour whose own was one too many."""
OTHER_PAGE = "(other)"
"""The last part of the name of a page that stands for those of its site that were too many."""
NONE = ""
"""The value of views of which it is known that there is none."""


class Dimension(IntEnum):
    """What is counted; the numbers are stored."""

    SOURCE = 1
    """Where a viewer came from: the host of a referrer, or what the address of the page named."""


class DimensionKey(NamedTuple):
    """What a row of a dimension is the sum of; `agent` is the class of viewer."""

    dimension: Dimension
    site: str
    hour: Hour
    value: str
    agent: Agent


class Place(NamedTuple):
    """Where the number of values is bounded."""

    dimension: Dimension
    site: str
    hour: Hour


MOST_VALUES = 100
"""How many values of a dimension a partition counts in an hour of a site, `OTHER` not counted."""


class Values:
    """The values that a partition counts by their own names, place by place.

    The first `MOST_VALUES` in the order of the log are, and no others: what is known depends on the
    log up to there alone, wherever it is cut. `known` are those that have rows already.
    """

    def __init__(self, known: Mapping[Place, Iterable[str]] | None = None) -> None:
        self._known: dict[Place, set[str]] = {}
        self.learn(known or {})

    def learn(self, known: Mapping[Place, Iterable[str]]) -> None:
        """These have rows; of places that are known already nothing is learnt."""
        for place, values in known.items():
            self._known.setdefault(place, {*values} - {OTHER})

    def unknown(self, gathered: Iterable[DimensionKey]) -> list[Place]:
        """The places of which nothing was learnt, in order."""
        return sorted({place_of(key) for key in gathered} - self._known.keys())

    def admit(self, gathered: Mapping[DimensionKey, int]) -> dict[DimensionKey, int]:
        """What was gathered in the order of the log, by the names that it is counted by."""
        found: dict[DimensionKey, int] = {}
        for key, views in gathered.items():
            known = self._known.setdefault(place_of(key), set())
            if key.value not in known and key.value != OTHER:
                if len(known) < MOST_VALUES:
                    known.add(key.value)
                else:
                    key = key._replace(value=OTHER)  # noqa: PLW2901
            found[key] = found.get(key, 0) + views
        return found


def place_of(key: DimensionKey) -> Place:
    """Where its value is one of many."""
    return Place(key.dimension, key.site, key.hour)
