"""Servers that follow the one that is written to."""

from collections.abc import Sequence

from msgspec import Struct


class Standby(Struct, frozen=True):
    """`state` is PostgreSQL's word of whether it is waited for; None where that is not shown."""

    name: str
    state: str | None


class Standbys(Struct, frozen=True):
    """Those that are `connected`, as `role` `sees` them or not.

    `wanted` is `synchronous_standby_names`, empty where commits wait for none; `waits` is the
    role's `synchronous_commit`.
    """

    role: str
    sees: bool
    wanted: str
    waits: str
    connected: Sequence[Standby]

    @property
    def any_will_do(self) -> bool:
        """Is it enough that some of the synchronous have a commit, whichever they are?"""
        return any(one.state == "quorum" for one in self.connected)

    @property
    def synchronous(self) -> list[str]:
        """The names of those of which all, or some, are waited for with each commit."""
        if not self.wanted or self.waits in ("off", "local"):
            return []
        return [one.name for one in self.connected if one.state in ("sync", "quorum")]
