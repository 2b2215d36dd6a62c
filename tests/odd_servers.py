"""What may listen where a server should: fronts without a server behind, and servers gone mad.

A front that has lost its server (docker-proxy, HAProxy, a load balancer) accepts and closes. Others
answer in a language of their own, stop in the middle, or never come to an end. `OddServer` is any
of them, in threads, so that any test and any process may meet it.
"""

import random
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, Self

from pamqp import frame
from pamqp.commands import Connection

_PATIENCE_SECONDS = 60.0
_SSL_REQUEST = struct.pack("!II", 8, 80_877_103)


def _amqp_greeting() -> bytes:
    start = Connection.Start(
        server_properties={"product": "RabbitMQ", "version": "3.10.8", "capabilities": {}}
    )
    return frame.marshal(start, 0)


def _postgres_greeting() -> bytes:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    parameters = {"server_version": "15.0", "client_encoding": "UTF8", "TimeZone": "UTC"}
    told = b"".join(
        message(b"S", f"{name}\0{value}\0".encode()) for name, value in parameters.items()
    )
    return (
        message(b"R", struct.pack("!I", 0))
        + told
        + message(b"K", struct.pack("!II", 1, 2))
        + message(b"Z", b"I")
    )


GREETINGS: Mapping[str, bytes] = {
    "amqp": _amqp_greeting(),
    "postgresql": _postgres_greeting(),
    "http": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
}
"""What a real server says to a client's first bytes."""


class Meeting(NamedTuple):
    """A client that has connected, and what a real server would say to it."""

    client: socket.socket
    greeting: bytes

    def hear(self) -> None:
        """The client's first bytes; one that asks for TLS is told that there is none."""
        while self.client.recv(65_536) == _SSL_REQUEST:
            self.client.sendall(b"N")

    def stay(self) -> None:
        """Silent, until the client goes."""
        while self.client.recv(65_536):
            pass


def _accept_and_close(meeting: Meeting) -> None:
    # Without reading: what the client has sent meanwhile makes a reset of it.
    del meeting


def _hear_and_close(meeting: Meeting) -> None:
    meeting.hear()


def _reset(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _garbage(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(random.Random(7).randbytes(4_096))


def _garbage_and_stay(meeting: Meeting) -> None:
    _garbage(meeting)
    meeting.stay()


def _zeros(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(bytes(4_096))


def _http(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
        b"400 Bad Request\n"
    )


def _tls_alert(meeting: Meeting) -> None:
    meeting.hear()
    # Fatal, handshake failure.
    meeting.client.sendall(bytes.fromhex("15 0303 0002 02 28"))


def _other_protocol(meeting: Meeting) -> None:
    """As a broker refuses a version it does not speak."""
    meeting.hear()
    meeting.client.sendall(b"AMQP\x00\x01\x00\x00")


def _half_and_close(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(meeting.greeting[: len(meeting.greeting) // 2])


def _half_and_stay(meeting: Meeting) -> None:
    _half_and_close(meeting)
    meeting.stay()


def _greet_and_close(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(meeting.greeting)
    # Whatever the client answers to it is the last that is heard of it.
    meeting.client.settimeout(1)
    meeting.client.recv(65_536)


def _greet_and_stay(meeting: Meeting) -> None:
    meeting.hear()
    meeting.client.sendall(meeting.greeting)
    meeting.stay()


def _greet_and_babble(meeting: Meeting) -> None:
    _greet_and_close(meeting)
    meeting.client.sendall(random.Random(8).randbytes(4_096))


def _twisted(meeting: Meeting) -> None:
    """The greeting, its envelope right, its contents upside down."""
    meeting.hear()
    head, body, end = meeting.greeting[:7], meeting.greeting[7:-1], meeting.greeting[-1:]
    meeting.client.sendall(head + body[::-1] + end)


def _byte_by_byte(meeting: Meeting) -> None:
    meeting.hear()
    for byte in meeting.greeting:
        meeting.client.sendall(bytes([byte]))
        time.sleep(1)


def _silence(meeting: Meeting) -> None:
    meeting.stay()


ODDITIES: Mapping[str, Callable[[Meeting], None]] = {
    "accepts and closes": _accept_and_close,
    "hears and closes": _hear_and_close,
    "resets": _reset,
    "garbage": _garbage,
    "garbage that stays": _garbage_and_stay,
    "zeros": _zeros,
    "HTTP": _http,
    "TLS alert": _tls_alert,
    "another protocol": _other_protocol,
    "half a greeting": _half_and_close,
    "half a greeting that stays": _half_and_stay,
    "a greeting, then the end": _greet_and_close,
    "a greeting, then garbage": _greet_and_babble,
    "a greeting, then silence": _greet_and_stay,
    "a greeting upside down": _twisted,
    "byte by byte": _byte_by_byte,
    "silence": _silence,
}
"""Every kind of odd server, by what it does."""

QUICK = [
    name for name in ODDITIES
    if not any(word in name for word in ("stays", "silence", "byte by byte"))
]  # fmt: skip
"""Those that end a connection by themselves; the others are only ended by a client's patience."""


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 128


class OddServer:
    """Listens on 127.0.0.1 in the place of a server of `protocol` and behaves oddly.

    `protocol` is a key of `GREETINGS`, `oddity` one of `ODDITIES`; `met` counts its clients.
    """

    def __init__(self, protocol: str, oddity: str, port: int = 0) -> None:
        self.met = 0
        self._greeting = GREETINGS[protocol]
        self._behave = ODDITIES[oddity]
        server = self

        class _Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                server._meet(self.request)

        self._listener = _Listener(("127.0.0.1", port), _Handler)
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def _meet(self, client: socket.socket) -> None:
        self.met += 1
        client.settimeout(_PATIENCE_SECONDS)
        # A client may go at any moment.
        with suppress(OSError):
            self._behave(Meeting(client, self._greeting))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
