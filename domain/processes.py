"""What processes tell of themselves where they are connected: role, version, and where they run."""

import re

from msgspec import Struct

_TOLD = re.compile(
    r"footfall(?: (?P<role>[a-z][a-z-]*))?(?: (?P<version>\d\S*))?(?: (?P<place>\S+))?"
)


class Process(Struct, frozen=True, omit_defaults=True):
    """A process, or all that say the same; `version` is None where it says none: 0.2.0 or before.

    `role` is the verb it was started as.
    """

    role: str | None
    version: str | None
    place: str | None = None
    connections: int | None = None


def place_of(owner: str) -> str:
    """Where a projector runs that holds leases as `owner`, as its connections say it."""
    host, _, pid = owner.rpartition("-")[0].rpartition("-")
    return place(host, pid)


def place(host: str, pid: int | str) -> str:
    """Short enough for what PostgreSQL keeps of a name."""
    return f"{host[:24]}-{pid}"


def told(name: str, connections: int) -> Process | None:
    """What `name`, as in `footfall read-api 0.3.0 host-4711`, says; None: nobody of ours."""
    if (found := _TOLD.fullmatch(name.strip())) is None:
        return None
    return Process(found["role"], found["version"], found["place"], connections)
