"""Lines of Elastic Load Balancing, of classic and of application load balancers, to views."""

import re

from importer.agents import in_quotes
from importer.formats.hosts import host_in
from importer.formats.moments import seconds_of
from importer.requests import Clock, Reading, Request, Views
from importer.views import MAX_LINE_BYTES, Skip, View

# A type where it is an application's, then time, balancer, client, target, three durations, the
# balancer's status and the target's, two sizes.
_LINE = re.compile(
    rb"\s*+(https? |h2 |wss? |grpcs? )?+(\d{4}-\d\d-\d\dT\d\d:\d\d:[0-9.]{2,16}Z?) [^ ]++ [^ ]++"
    rb" [^ ]++ (?:(?:-?[0-9.]{1,20}+|-) ){3}(\d{3}|-) [^ ]++ (?:\d++|-) (?:\d++|-) \""
)
# A quotation mark within the request stands there as it was sent.
_END = re.compile(rb' (?:HTTP/\d(?:\.\d)?|-) ?"(?= |\s*$)')
_REQUEST = re.compile(
    rb"([A-Z][A-Z-]*+) (?:[A-Za-z][A-Za-z0-9+.-]{0,15}+://([^/?]*+))?+(.*+)", re.DOTALL
)
_NOT_SENT = b"000"


class LoadBalancer:
    """Parses lines in their order."""

    name = "elb"

    def __init__(self, clock: Clock, reading: Reading) -> None:
        self._application = Views(clock, reading, escaped=True)
        self._classic = Views(clock, reading, escaped=False)

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        match = _LINE.match(line)
        text, end = _request_text(line, match.end()) if match else (None, 0)
        at = seconds_of(match[2]) if match else None
        if match is None or text is None or at is None:
            return Skip.MALFORMED_LINE if line.strip() else Skip.EMPTY
        status = _NOT_SENT if match[3] == b"-" else match[3]
        views = self._application if match[1] else self._classic
        agent = in_quotes(line, end)
        return views.of(Request(at, *_method_and_target(text, status), agent))


def is_load_balancer_line(line: bytes) -> bool:
    """Whether the line has what such logs have up to the request."""
    return _LINE.match(line) is not None


def _request_text(line: bytes, start: int) -> tuple[bytes | None, int]:
    """Without the protocol, and where it ends; None where the line ends before it does."""
    end = _END.search(line, start)
    at = end.start() if end else line.find(b'"', start)
    if at < 0:
        return None, 0
    return (line[start:at], end.end()) if end else (b"", at + 1)


def _method_and_target(text: bytes, status: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Method, path with the query, the status again, and the host of the address."""
    request = _REQUEST.fullmatch(text)
    if request is None:
        return b"", b"", status, b""
    method, address, path = request.groups()
    if address is None:
        return (method if path else b""), path, status, b""
    return method, path if path[:1] == b"/" else b"/" + path, status, host_in(address)
