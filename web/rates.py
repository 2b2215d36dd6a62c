"""How often one client may ask: a bucket of tokens for each, which fills up as time passes."""

from collections import OrderedDict
from math import ceil
from typing import NamedTuple

from token_bucket import Limiter, MemoryStorage

from web.passage import Header
from web.problems import Headers

BURST_SECONDS = 10
"""How long a client may save up what it does not ask: so many seconds' worth come at once."""
MOST_CLIENTS = 32_768
"""Whom a process remembers. Who has not asked for `BURST_SECONDS` may ask as much as anybody new:
forgetting who came longest ago changes nothing unless so many come within that time."""


class Taken(NamedTuple):
    """What became of one request: is it one too many, and when it may be sent again.

    `headers` tell the client (draft-ietf-httpapi-ratelimit-headers).
    """

    too_many: bool
    wait_seconds: int
    headers: Headers


_WITHOUT_A_WORD = Taken(False, 0, ())


class Rate:
    """`a_second` requests of one client; `name` is what clients read of it, `most` for how many it
    remembers what they took.

    They are told of it in each answer, or, where it is `quiet`, once half of what they may is gone:
    two headers cost servers that send thousands a second more than the limit itself.
    """

    def __init__(
        self, name: str, a_second: int, most: int = MOST_CLIENTS, *, quiet: bool = False
    ) -> None:
        self._rate = a_second
        self._burst = a_second * BURST_SECONDS
        self._silent_from = self._burst / 2 if quiet else self._burst
        self._name = f'"{name}"'.encode()
        self._policy = (
            b"ratelimit-policy",
            b"%s;q=%d;w=%d" % (self._name, self._burst, BURST_SECONDS),
        )
        self._storage = _Storage(most)
        self._tokens = Limiter(a_second, self._burst, self._storage)

    def take(self, client: str) -> Taken:
        """One request of this client, which has some name."""
        if self._tokens.consume(client):
            left = self._storage.get_token_count(client)
            if left > self._silent_from:
                return _WITHOUT_A_WORD
            return Taken(False, 0, (self._policy, self._told(left, self._burst)))
        left = self._storage.get_token_count(client)
        wait = max(1, ceil((1 - left) / self._rate))
        return Taken(True, wait, (self._policy, self._told(0, self._rate * wait)))

    def _told(self, left: float, then: float) -> Header:
        """How many are left, and when there will be so many."""
        seconds = ceil((then - left) / self._rate)
        return b"ratelimit", b"%s;r=%d;t=%d" % (self._name, left, seconds)


class _Storage(MemoryStorage):
    """The library's, which forgets nobody, for the clients that came last."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._buckets = _Recent(most)


class _Recent(OrderedDict[str | bytes, list[float]]):
    """Has `most` keys: those that were set last."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: str | bytes, value: list[float]) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
