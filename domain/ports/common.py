"""What every service needs: a clock, a probe, and jobs that only one does at a time."""

from typing import Protocol

from domain.events import Epoch


class Clock(Protocol):
    """Milliseconds since 1970, UTC."""

    def __call__(self) -> int: ...


class Probe(Protocol):
    """Returns when the dependency answers; raises `FootfallError` otherwise."""

    async def __call__(self) -> None: ...


class Jobs(Protocol):
    """Who does a thing that only one may do at a time, kept on the database's clock."""

    async def acquire(self, name: str, owner: str) -> Epoch | None:
        """Take a job that is free or whose lease is over; None when another has it.

        Raises `Outdated`.
        """

    async def renew(self, name: str, owner: str, epoch: Epoch) -> None:
        """Raises `Fenced` when somebody else has taken it since, and `Outdated`."""

    async def release(self, name: str, owner: str, epoch: Epoch) -> None: ...

    async def holder(self, name: str) -> str | None:
        """Who has it now."""
