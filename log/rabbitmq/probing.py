"""Is what is appended confirmed? Remembered of views, tried with a probe where none come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from math import inf
from secrets import token_hex
from time import monotonic
from typing import NamedTuple

from domain import wire
from domain.errors import LogUnavailable
from domain.events import Partition
from domain.ports.common import Clock
from log.rabbitmq.channels import Shared

FRESH_SECONDS = 10.0
"""So long a confirm speaks for all partitions of which nothing bad is known."""
PROBE_SECONDS = 2.0
"""Whoever asks waits for a probe no longer; it goes on without them."""
_AGAIN_SECONDS = 0.25
_MOST_NAMED = 10

Append = Callable[[Partition, bytes], Awaitable[None]]
Seconds = Callable[[], float]


class _Wait(NamedTuple):
    """Since when nothing of a partition is confirmed, and why the last try failed, if one has."""

    since: float
    error: LogUnavailable | None = None


class Confirms:
    """What is known of each partition: its last confirm, and since when an append waits in vain.

    Over all tries: only a confirm ends a wait, not that those who waited have gone.
    """

    def __init__(self, partitions: int, seconds: Seconds = monotonic) -> None:
        self._seconds = seconds
        self._confirmed = dict.fromkeys(map(Partition, range(partitions)), -inf)
        self._waits: dict[Partition, _Wait] = {}

    def begin(self, partition: Partition) -> None:
        """It is appended to now."""
        if partition not in self._waits:
            self._waits[partition] = _Wait(self._seconds())

    def failed(self, partition: Partition, error: LogUnavailable) -> None:
        """An append was not confirmed."""
        # A probe beside it may have been confirmed meanwhile, and have ended the wait.
        wait = self._waits.get(partition) or _Wait(self._seconds())
        self._waits[partition] = wait._replace(error=error)

    def confirmed(self, partition: Partition) -> None:
        self._confirmed[partition] = self._seconds()
        self._waits.pop(partition, None)

    @property
    def age(self) -> float:
        """Seconds since the last confirm of any partition; infinite before the first."""
        return self._seconds() - max(self._confirmed.values())

    def overdue(self, patience: float) -> Mapping[Partition, LogUnavailable | None]:
        """Those that have waited for more than so many seconds, longest first, and why."""
        now = self._seconds()
        found = [(p, wait) for p, wait in self._in_order() if now - wait.since > patience]
        return {partition: wait.error for partition, wait in found}

    def doubtful(self, patience: float) -> Sequence[Partition]:
        """Those that are overdue and those whose last try has failed, longest first."""
        overdue = self.overdue(patience)
        return [p for p, wait in self._in_order() if wait.error is not None or p in overdue]

    def oldest(self) -> Partition:
        """The one whose last confirm is the longest ago."""
        return min(self._confirmed, key=self._confirmed.__getitem__)

    def partitions(self) -> Sequence[Partition]:
        return [*self._confirmed]

    def _in_order(self) -> Sequence[tuple[Partition, _Wait]]:
        return sorted(self._waits.items(), key=lambda found: found[1].since)


class Probing:
    """Looks whether views could be confirmed now, by `confirms` and by appending a probe.

    A partition may wait for `patience` seconds: as long as the requests for it do. So an election
    of a few seconds has nobody leave a balancer.
    """

    def __init__(
        self, confirms: Confirms, append: Append, now_ms: Clock, *, patience_seconds: float
    ) -> None:
        self._confirms = confirms
        self._append = append
        self._now_ms = now_ms
        self._patience = patience_seconds
        # Of its own: up to 0.2.0 the fold remembers sequences of it as of any producer.
        self._producer = f"probe-{token_hex(4)}"
        self._sequences = count(1)
        self._probing = Shared(self._probe)

    async def look(self) -> None:
        """Raises `LogUnavailable` where nothing is confirmed, though somebody has waited for it.

        Nothing is appended while confirms are fresh and none fails.
        """
        failure = None
        if self._doubtful() or self._confirms.age >= FRESH_SECONDS:
            failure = await self._failure()
        if overdue := self._confirms.overdue(self._patience):
            raise _unconfirmed(overdue, f"after {self._patience:g} s of waiting")
        # Of a process that has just started, or that nobody has asked for long.
        if failure and self._confirms.age > FRESH_SECONDS + self._patience:
            raise failure

    async def look_at_all(self, seconds: float) -> None:
        """Append a probe to each partition at once, again while it fails and there is time.

        Raises `LogUnavailable` with those that were not confirmed.
        """
        end = asyncio.get_running_loop().time() + seconds
        partitions = self._confirms.partitions()
        found = await asyncio.gather(*(self._until_confirmed(p, end) for p in partitions))
        failed = {p: error for p, error in zip(partitions, found, strict=True) if error}
        if failed:
            raise _unconfirmed(failed, f"within {seconds:g} s")

    def cancel(self) -> None:
        """Give up the probe that is under way."""
        self._probing.cancel()

    def _doubtful(self) -> Sequence[Partition]:
        return self._confirms.doubtful(self._patience)

    async def _failure(self) -> LogUnavailable | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probing.done()
        except LogUnavailable as error:
            return error
        except TimeoutError:
            return LogUnavailable(f"RabbitMQ confirmed nothing within {PROBE_SECONDS:g} s")
        return None

    async def _probe(self) -> None:
        # One after the other: the first that fails says enough, and the rest are not written to
        # in vain as long as it does.
        for partition in self._doubtful() or [self._confirms.oldest()]:
            await self._append_one(partition)

    async def _append_one(self, partition: Partition) -> None:
        body = wire.probe(self._producer, next(self._sequences), self._now_ms())
        await self._append(partition, body)

    async def _until_confirmed(self, partition: Partition, end: float) -> LogUnavailable | None:
        error: LogUnavailable | None = None
        try:
            async with asyncio.timeout_at(end):
                while True:
                    try:
                        await self._append_one(partition)
                    except LogUnavailable as failed:
                        error = failed
                    else:
                        return None
                    await asyncio.sleep(_AGAIN_SECONDS)
        except TimeoutError:
            return error or LogUnavailable("RabbitMQ did not answer in time")


def _unconfirmed(found: Mapping[Partition, LogUnavailable | None], when: str) -> LogUnavailable:
    names = ", ".join(str(partition) for partition in list(found)[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    which = f"partition{'s' if len(found) > 1 else ''} {names}{more}"
    said = f"RabbitMQ confirms nothing of {which} {when}"
    error = next(filter(None, found.values()), None)
    reason = f"{said}: {error}" if error else said
    return LogUnavailable(
        f"{reason}; a stream needs more than half of its replicas: see rabbitmqctl cluster_status",
        told=f"{said}: {error.told}" if error else said,
    )
