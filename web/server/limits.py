"""What a client may take: time, bytes and connections."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds, bytes and numbers; the defaults are what README promises."""

    first_byte_seconds: float = 15.0
    """From the connection to the first byte of a request."""
    head_seconds: float = 15.0
    """From the first byte of a request to the end of its headers."""
    body_seconds: float = 150.0
    """From the end of the headers to the end of the body: longer than REQUEST_TIMEOUT_MS can be, by
    which the application refuses a body itself."""
    unread_seconds: float = 5.0
    """What is left for the rest of a body once the answer is out, and for a client to hear of a
    refusal."""
    idle_seconds: float = 75.0
    """Between two requests: longer than proxies keep a connection, which would otherwise meet its
    end just as they send the next request."""
    stalled_seconds: float = 30.0
    """For a client to take in anything of an answer."""
    head_bytes: int = 32_768
    """Request line and headers together."""
    ahead_bytes: int = 65_536
    """What is read of the next requests of a connection while one is under way, but for the read
    that went beyond it."""
    ahead_bytes_in_all: int = 33_554_432
    """What a process holds of requests that are not begun. Beyond it a connection gives up what it
    read ahead, and ends with the answer that is due; headers in part are refused."""
    small_head_bytes: int = 4_096
    """Of headers in part a connection may hold so much however much others hold."""
    connections: int = 10_000
    """Of a process, as far as its descriptors allow."""
