"""Ports for servers that are told theirs before they start, and who listens on one."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

_LOWEST, _HIGHEST = 10_000, 32_767
_FEWEST = 2_000
# Amanda's: the one of all these that browsers open no page at
# (https://fetch.spec.whatwg.org/#port-blocking).
_BLOCKED = 10_080
_LISTENING = "0A"


def free_port() -> int:
    """A port for a server that is about to start.

    It comes up again only after all others have, in whatever test process of this user, and is none
    that the kernel gives to outgoing connections or to whoever asks for any, and none that browsers
    refuse.
    """
    ports = outside(*_ephemeral())
    counter = Path(tempfile.gettempdir()) / f"footfall-tests-port-{os.getuid()}"
    with counter.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = int(file.read() or 0)
        after = last - ports.start + 1 if last in ports else 0
        port = next(filter(_can_be_bound, chain(ports[after:], ports[:after])))
        file.truncate(0)
        file.write(str(port))
    return port


def outside(first: int, last: int) -> range:
    """The ports to give out where the kernel gives out those from `first` to `last`."""
    below = range(_LOWEST, max(_LOWEST, min(first, _HIGHEST + 1)))
    above = range(max(last + 1, _LOWEST), 65_536)
    widest = max(below, above, key=len)
    # A kernel that gives out nearly all of them leaves no choice.
    return widest if len(widest) >= _FEWEST else range(_LOWEST, _HIGHEST + 1)


def _ephemeral() -> tuple[int, int]:
    said = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first, last = said.read_text().split() if said.exists() else ("49152", "65535")
    return int(first), int(last)


def _can_be_bound(port: int) -> bool:
    if port == _BLOCKED:
        return False
    # Without SO_REUSEADDR, so that one with connections that are not quite over is passed by.
    with socket.socket() as trial, suppress(OSError):
        trial.bind(("", port))
        return True
    return False


def listens(port: int, processes: Iterable[int]) -> bool:
    """Does one of the processes, by their ids, listen on the port?

    Raises `RuntimeError` where a stranger does: whoever waited longer would talk to it.
    """
    theirs = _listeners(port)
    if theirs and theirs.isdisjoint(chain.from_iterable(map(_opened, processes))):
        raise RuntimeError(f"port {port} is taken by a process that this test did not start")
    return bool(theirs)


def _listeners(port: int) -> set[str]:
    # The inodes of the sockets.
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *_, inode = line.split()[:10]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(f"socket:[{inode}]")
    return found


def _opened(process: int) -> set[str]:
    found = set()
    # It may end, and files be closed, while they are looked at.
    with suppress(OSError):
        for file in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                found.add(os.readlink(file))
    return found
