"""Requests to append that were not taken, by reason, as far as this process has answered them."""

from collections import Counter
from collections.abc import Callable, Mapping

from domain.problems import Kind

Noted = Callable[[Kind], None]


def not_noted(_: Kind) -> None:
    """Where nobody counts them."""


class Refusals:
    """How many there were of each kind, since `since_ms` by the clock of this process."""

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self._counts: Counter[str] = Counter()

    def note(self, kind: Kind) -> None:
        """One more."""
        self._counts[kind.name] += 1

    @property
    def by_reason(self) -> Mapping[str, int]:
        """By the last part of `type` in their answers; only reasons that there were."""
        return dict(sorted(self._counts.items()))
