"""How it stands with following the log."""

from enum import Enum

from domain.events import Partition


class State(Enum):
    """The value is the word of the API."""

    FOLLOWING = "following"
    """All that was confirmed is heard as it comes."""
    CATCHING_UP = "catching-up"
    """What was confirmed before somebody looked is still being read."""
    STANDS_STILL = "stands-still"
    """A part of the log, at least, was heard and does not answer now."""
    UNKNOWN = "unknown"
    """The log was never reached from here."""


class Standing:
    """Partition by partition; moments are milliseconds since 1970."""

    def __init__(self) -> None:
        self._known: set[Partition] = set()
        self._catching_up: set[Partition] = set()
        self._silent: dict[Partition, int] = {}
        self._heard: set[Partition] = set()
        self.reason = ""
        """Why the log does not answer, of the last partition that did not."""

    def begun(self, partition: Partition) -> None:
        """It is to be heard."""
        self._known.add(partition)
        self._catching_up.add(partition)

    def reached(self, partition: Partition) -> None:
        """The log answers."""
        self._heard.add(partition)
        self._silent.pop(partition, None)

    def caught_up(self, partition: Partition) -> bool:
        """All that was there at first is heard; is that news?"""
        news = partition in self._catching_up
        self._catching_up.discard(partition)
        return news

    def fell_silent(self, partition: Partition, now_ms: int, reason: str) -> None:
        """The log does not answer."""
        self._silent.setdefault(partition, now_ms)
        self.reason = reason

    @property
    def state(self) -> State:
        """Of all of them together."""
        if self._silent:
            return State.STANDS_STILL if self._heard else State.UNKNOWN
        if self._catching_up or not self._known:
            return State.CATCHING_UP
        return State.FOLLOWING

    @property
    def silent_since_ms(self) -> int | None:
        """Since when the log does not answer; None: it does."""
        return min(self._silent.values(), default=None)
