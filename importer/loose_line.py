"""Access log lines that are no Common or Combined Log Format as it is written down.

Only what a view needs is looked for: a time in brackets, behind it a request in quotes, behind
that a status and a size. What stands before, between and after them may be anything.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from domain.hours import parse_instant

_DAY = rb" ?(\d{1,2})/([A-Za-z]{3})/(\d{4})[: ](\d\d):([0-5]\d):([0-5]\d|60)(?:[.,]\d{1,9})?"
_TIME = re.compile(
    rb"\[(?:" + _DAY + rb"(?: ?([+-]\d\d):?(\d\d))?|(\d{4}-\d\d-\d\d[^\]\s]{9,30}))\]"
)
_ANSWER = re.compile(
    rb'[^"]{0,256}+"([^"\\]*+(?:\\.[^"\\]*+)*+)" ++(\d{3}) ++(?:\d++|-)(?=[\s"]|$)'
)
_PROTOCOL = re.compile(rb"(?:^|[ ]++)HTTP/\d(?:\.\d)?$")
_METHOD = re.compile(rb"[A-Z]++(?= )")


class Parts(NamedTuple):
    """What a view needs of a line; `method` is empty where the request is none."""

    hour: bytes
    minute: int
    second: int
    offset: bytes
    method: bytes
    target: bytes
    status: bytes


def read(line: bytes) -> Parts | None:
    """The parts of a line's first record, None where one is missing."""
    time = _TIME.search(line)
    answer = _ANSWER.match(line, time.end()) if time else None
    moment = _moment(time) if time and answer else None
    if answer is None or moment is None:
        return None
    return Parts(*moment, *request_of(answer[1]), answer[2])


def is_joined(line: bytes) -> bool:
    """Whether a second record stands behind the first."""
    time = _TIME.search(line)
    answer = _ANSWER.match(line, time.end()) if time else None
    again = _TIME.search(line, answer.end()) if answer else None
    return again is not None and _ANSWER.match(line, again.end()) is not None


def _moment(time: re.Match[bytes]) -> tuple[bytes, int, int, bytes] | None:
    """The local hour as in `17/May/2015:10`, minute, second and offset; UTC where none is told."""
    day, month, year, hour, minute, second, ahead, beyond, iso = time.groups()
    if iso:
        return _iso(iso)
    start = b"%02d/%s/%s:%s" % (int(day), month.capitalize(), year, hour)
    return start, int(minute), int(second), ahead + beyond if ahead else b"+0000"


def _iso(text: bytes) -> tuple[bytes, int, int, bytes] | None:
    try:
        at = datetime.fromtimestamp(parse_instant(text.decode("ascii")) // 1_000, UTC)
    except (ValueError, OverflowError):
        return None
    month = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[at.month - 1]
    start = b"%02d/%s/%04d:%02d" % (at.day, month, at.year, at.hour)
    return start, at.minute, at.second, b"+0000"


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
