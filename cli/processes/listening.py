"""The sockets of a role that serves in several processes: bound by the parent, inherited."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from domain.errors import SettingsError

LISTENERS = "FOOTFALL_LISTENERS"
BACKLOG = 2_048

Sockets = list[socket.socket]


def inherited() -> Sockets | None:
    """What the parent process bound for this one, None where it bound nothing."""
    descriptors = os.environ.get(LISTENERS)
    if not descriptors:
        return None
    return [socket.socket(fileno=int(descriptor)) for descriptor in descriptors.split(",")]


@contextmanager
def listening(host: str, port: int, workers: int) -> Iterator[list[Sockets]]:
    """The sockets of each worker, all behind one port; closed at the end.

    One socket for all would do, but whoever wakes first takes nearly all connections that come
    together. The parent keeps the sockets open, so that connections which wait for a worker that
    died are served by the next one.
    """
    with ExitStack() as stack:
        try:
            port = _free(host, port)
            found = [_bind(stack, host, port, shared=True) for _ in range(workers)]
        except OSError as error:
            message = (
                f"HOST and PORT are {host!r} and {port}, nothing can listen there: "
                f"{error.strerror}: name others, or stop what listens there"
            )
            raise SettingsError(message) from error
        yield found


def _free(host: str, port: int) -> int:
    # A shared port could be bound a second time by another Footfall, which would then get half of
    # the requests and not say a word.
    with ExitStack() as stack:
        port_taken: int = _bind(stack, host, port, shared=False)[0].getsockname()[1]
        return port_taken


def _bind(stack: ExitStack, host: str, port: int, *, shared: bool) -> Sockets:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = {(family, address) for family, _, _, _, address in found}
    return [
        stack.enter_context(
            socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)
        )
        for family, address in sorted(addresses)
    ]
