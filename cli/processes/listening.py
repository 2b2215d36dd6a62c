"""The sockets of a role that serves: where it does so in several processes, of all of them."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

from domain import shown
from domain.errors import SettingsError

BACKLOG = 2_048

Sockets = list[socket.socket]


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
            found = [_bind(stack, host, port, shared=workers > 1) for _ in range(workers)]
        # A name with an empty or an endless part cannot even be asked for.
        except (OSError, UnicodeError) as error:
            message = f"HOST and PORT are {host!r} and {port}, nothing can listen there: "
            raise SettingsError(message + _reason(error)) from error
        yield found


def port_of(listeners: Sequence[Sockets]) -> int:
    """The port that is listened on, also where 0 left the choice to the system."""
    port: int = listeners[0][0].getsockname()[1]
    return port


def address_of(host: str, port: int) -> str:
    """Where a client on this machine finds what listens on `host`."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{shown.address(name, port)}"


def is_loopback(host: str) -> bool:
    """Does what listens on `host` hear this machine alone? A name may lead to either."""
    found = _addresses(host)
    return bool(found) and all(address.is_loopback for address in found)


def is_for_others(host: str) -> bool:
    """Does it hear others? Where nothing can listen, nobody does, and whoever tries says so."""
    return any(not address.is_loopback for address in _addresses(host))


def _addresses(host: str) -> Sequence[IPv4Address | IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return []
    # An address of one link names that behind a percent sign.
    return [ip_address(str(address[0]).partition("%")[0]) for *_, address in found]


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "HOST is no name or address of this machine: write one, such as 127.0.0.1"
    match error.errno:
        case errno.EADDRINUSE:
            return "the port is taken: stop what listens there, or name another one with PORT"
        case errno.EACCES | errno.EPERM:
            return "this user may not: name a port from 1024 on with PORT"
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return "HOST is no address of this machine: write one, such as 127.0.0.1"
    return f"{os.strerror(error.errno or 0)}: name others"


def _free(host: str, port: int) -> int:
    # A shared port could be bound a second time by another Footfall, which would then get half of
    # the requests and not say a word.
    with ExitStack() as stack:
        port_taken: int = _bind(stack, host, port, shared=False)[0].getsockname()[1]
        return port_taken


def _bind(stack: ExitStack, host: str, port: int, *, shared: bool) -> Sockets:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = {(family, address) for family, _, _, _, address in found}
    bound: Sockets = []
    absent: OSError | None = None
    for family, address in sorted(addresses):
        try:
            bound.append(
                socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)
            )
        except OSError as error:
            # `localhost` has an address of IPv6 also where the machine has none.
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
            absent = error
            continue
        stack.enter_context(bound[-1])
    if absent and not bound:
        raise absent
    return bound
