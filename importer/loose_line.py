"""Access log lines that are no Common or Combined Log Format as it is written down.

Only what a view needs is looked for: a time in brackets, behind it a request in quotes, behind
that a status and a size. What stands before, between and after them may be anything.
"""

import re
from typing import NamedTuple

from importer.agents import behind_referrer
from importer.formats.moments import seconds_of

_TIME = re.compile(
    rb"\[( ?(?:\d{1,2}/[A-Za-z]{3}/\d{4}|\d{4}[-/]\d\d[-/]\d\d|\d{9,19}(?=[].,])"
    rb'|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)[^]["]{0,40}+)\]"?'
)
# The second kind has quotation marks that stand there as they were sent: without blanks and with
# its protocol, so that what was torn does not go on in the next record.
_REQUEST = rb'"(?:([^"\\]*+(?:\\.[^"\\]*+)*+)|([A-Z]++ \S++ HTTP/\d(?:\.\d)?))"'
# What behind the status is no size has to have no other number that could be the status.
_GAP = rb"[ \t,;|]++"
_SIZE = _GAP + rb'("?)(?:-?\d++|-)\5(?=[\s",;|]|$)'
_NO_SIZE = rb"(?:" + _GAP + rb'(?:\d++\.\d++|-))*+(?:[ \t,;|]*+"|\s*+$)'
_ANSWER = re.compile(
    rb'[^"]{0,256}+' + _REQUEST + _GAP + rb'("?)(\d{3})\3(?:' + _SIZE + rb"|" + _NO_SIZE + rb")"
)
_COLOUR = rb"(?:\x1b\[[0-9;]{0,16}m){1,4}"
_COLOURS = re.compile(rb'(?<=")' + _COLOUR + rb"|" + _COLOUR + rb'(?="|\s*$)')
_PROTOCOL = re.compile(rb"(?:^|[ ]++)HTTP/\d(?:\.\d)?$")
_END = re.compile(rb' HTTP/\d(?:\.\d)?" "?\d{3}')
_METHOD = re.compile(rb"[A-Z]++(?= )")


class Parts(NamedTuple):
    """What a view needs of a line; `at` is in seconds since 1970 UTC, `method` is empty where the
    request is none, `agent` where no user agent stands behind a referrer.
    """

    at: int
    method: bytes
    target: bytes
    status: bytes
    agent: bytes


def read(line: bytes) -> Parts | None:
    """The parts of a line's first record, None where one is missing."""
    line = _plain(line)
    found = _record(line, 0)
    at = seconds_of(found[0]) if found else None
    if found is None or at is None:
        return None
    answer = found[1]
    agent = behind_referrer(line, answer.end())
    return Parts(at, *request_of(answer[1] or answer[2] or b""), answer[4], agent)


def is_joined(line: bytes) -> bool:
    """Whether a second record stands behind the first."""
    line = _plain(line)
    found = _record(line, 0)
    return found is not None and _record(line, found[1].end()) is not None


def _plain(line: bytes) -> bytes:
    return _COLOURS.sub(b"", line) if b"\x1b[" in line else line


def _record(line: bytes, start: int) -> tuple[bytes, re.Match[bytes]] | None:
    """The time next to a request, in front of it, and from there to the status and a size."""
    time = _TIME.search(line, start)
    if time is None:
        return None
    quotation = line.find(b'"', time.end())
    for nearer in _TIME.finditer(line, time.end(), max(quotation, 0)):
        time = nearer
    answer = _ANSWER.match(line, time.end())
    if answer is None or _goes_on(line, answer):
        return None
    return time[1], answer


def _goes_on(line: bytes, answer: re.Match[bytes]) -> bool:
    """Whether the request may end further on: it has no protocol, and there one stands."""
    request = answer[1]
    return (
        request is not None
        and _PROTOCOL.search(request.rstrip(b" ")) is None
        and _END.search(line, answer.end(1)) is not None
    )


def request_of(text: bytes) -> tuple[bytes, bytes]:
    """Method and target of a request line; blanks within the target are its own, as the server
    took it. Both are empty where it is no request.
    """
    text = text.rstrip(b" ")
    method = _METHOD.match(text)
    if method is None:
        return b"", b""
    rest = text[method.end() :].lstrip(b" ")
    protocol = _PROTOCOL.search(rest)
    target = rest[: protocol.start()] if protocol else rest
    if not target or not (protocol or target.startswith(b"/")):
        return b"", b""
    return method[0], target
