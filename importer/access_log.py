"""Lines of Common and Combined Log Format to views."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from importer import loose_line
from importer.named_host import host_of
from importer.requests import Clock, Reading, Request, Views
from importer.views import HOUR_SECONDS, MAX_LINE_BYTES, Skip, View, is_in_calendar

# Possessive throughout, so that the time stays linear in the length whatever the bytes are.
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_AGENT = rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_LINE = re.compile(
    rb'\S++ \S++ (?:"[^"]*+"|[^"\[\]]+?)'
    rb" \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d):([0-5]\d):([0-5]\d|60) ([+-]\d{4})\] "
    rb'(?:"([A-Z]++) (?! )([^\s"\\]*+(?:\\\S[^\s"\\]*+)*+) HTTP/\d(?:\.\d)?"|' + _QUOTED + rb")"
    rb" (\d{3}) (?:\d++|-)(?: " + _QUOTED + rb" " + _AGENT + rb"(?: .*)?)?\s*",
)
_NOTHING = (None, b"", b"", b"", b"")
_MONTHS = {
    name: number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


class AccessLog:
    """Parses lines in their order."""

    name = "log"

    def __init__(self, clock: Clock, reading: Reading) -> None:
        self._views = Views(clock, reading, escaped=True)
        self._is_named = not reading.host

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        match = _LINE.fullmatch(line)
        if match and match[5]:
            hour, minute, second, offset, method, target, status, agent = match.groups()
            start = _seconds(hour, offset)
            at = None if start is None else start + int(minute) * 60 + int(second)
        else:
            at, method, target, status, agent = loose_line.read(line) or _NOTHING
        if at is None:
            return Skip.MALFORMED_LINE if line.strip() else Skip.EMPTY
        if line.count(b"[") > 1 and loose_line.is_joined(line):
            return Skip.JOINED
        host = host_of(line) if self._is_named else b""
        return self._views.of(Request(at, method, target, status, host, agent or b""))


def is_log_line(line: bytes) -> bool:
    """Whether the line has what a view needs: a time, a request, a status and a size."""
    return _LINE.fullmatch(line) is not None or loose_line.read(line) is not None


@lru_cache(maxsize=8_192)
def _seconds(hour: bytes, offset: bytes) -> int | None:
    """Seconds since 1970 UTC at the start of the local hour `17/May/2015:10`, None if none."""
    month = _MONTHS.get(hour[3:6])
    ahead = int(offset[1:3]) * HOUR_SECONDS + int(offset[3:]) * 60
    if month is None or int(offset[3:]) > 59 or ahead >= 24 * HOUR_SECONDS:
        return None
    try:
        local = datetime(int(hour[7:11]), month, int(hour[:2]), int(hour[12:]), tzinfo=UTC)
    except ValueError:
        return None
    seconds = int(local.timestamp()) - (ahead if offset[:1] == b"+" else -ahead)
    return seconds if is_in_calendar(seconds) and is_in_calendar(seconds + HOUR_SECONDS) else None
