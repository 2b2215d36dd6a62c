"""What the headers of a request say of its end, and whom it is for (RFC 9112, 3.2 and 6). Pure."""

import re
from collections.abc import Iterable

TO_ITS_END = -1
"""Of a body in chunks: only these say how long it is."""

# No body is longer, and a longer number would not even become one.
_LENGTH = re.compile(rb"[0-9]{1,18}")
_BLANKS = b" \t"


class Unframed(Exception):
    """It may be read in two ways, by a front in one and here in the other; the message is told."""


def body_length(headers: Iterable[tuple[bytes, bytes]], version: str) -> int:
    """Bytes of the body, or `TO_ITS_END`; names of `headers` are in small letters.

    Raises `Unframed`, also for a Host that is not there once: one of HTTP/1.0 may leave it out.
    """
    hosts, length = 0, None
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            if length is not None or not _LENGTH.fullmatch(value.strip(_BLANKS)):
                raise Unframed("Content-Length is no length of a body")
            length = int(value)
        elif name == b"transfer-encoding":
            known = value.strip(_BLANKS).lower() == b"chunked"
            if length is not None or not known or version == "1.0":
                raise Unframed("of Transfer-Encoding only chunked is read, without Content-Length")
            length = TO_ITS_END
    if hosts != 1 and (hosts or version != "1.0"):
        raise Unframed("the header Host is not there once: send it once, as HOST or HOST:PORT")
    return length or 0
