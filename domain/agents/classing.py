"""From what is kept of viewers to the slots that say their class."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from domain.agents.classes import Agent, slot_of
from domain.agents.viewers import KEPT, Viewers

Classify = Callable[[str, str], Agent]
"""The class of a text, and of what is kept of an agent in it (`domain.agents.viewers.KEPT`).

It depends on nothing else but the list of which `Classes` says the version.
"""

_MOST_REMEMBERED = 20_000
"""Texts: some megabytes where whole agents are kept."""


class Classes:
    """What each text is by one version of a list, asked once as long as it is remembered."""

    def __init__(self, classify: Classify, version: str) -> None:
        self._classify = classify
        self._known: dict[str, dict[str, Agent]] = {kept: {} for kept in KEPT}
        self.version = version
        """Of the list; empty: there is none, and everybody is unknown."""

    def slots(self, viewers: Viewers, shard: int) -> Sequence[int] | None:
        """For each event of a batch where its row stands; None: all in `shard`, nothing is known.

        Viewers of whom something is kept that no Footfall up to now keeps are unknown.
        """
        known = self._known.get(viewers.kept)
        if known is None:
            return None
        try:
            agents = [known[text] for text in viewers.texts]
        except KeyError:
            agents = [self._class_of(text, viewers.kept) for text in viewers.texts]
        if not any(agents):
            return None
        of_class = _slots_of(shard)
        slots: dict[int | None, int] = {place: of_class[a] for place, a in enumerate(agents)}
        slots[None] = shard
        return [*map(slots.__getitem__, viewers.of)]

    def _class_of(self, text: str, kept: str) -> Agent:
        known = self._known[kept]
        agent = known.get(text)
        if agent is None:
            if len(known) >= _MOST_REMEMBERED:
                # Strangers invent new ones for ever; the usual ones are soon back.
                known.clear()
            agent = known[text] = self._classify(text, kept)
        return agent


@lru_cache(maxsize=1_024)
def _slots_of(shard: int) -> tuple[int, ...]:
    """By the number of a class."""
    return tuple(slot_of(shard, agent) for agent in sorted(Agent))


def _unknown(text: str, kept: str) -> Agent:
    return Agent.UNKNOWN


UNCLASSED = Classes(_unknown, "")
"""No list: everybody is unknown."""
