"""JSON lines of Caddy, Traefik, nginx and others to views."""

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from importer.formats.hosts import host_in, is_address
from importer.formats.members import Found, Member, Twice, bytes_of, read
from importer.formats.moments import seconds_of
from importer.formats.names import CADDY, GUESSED, TRAEFIK, Fields, Names, chosen, there
from importer.loose_line import request_of
from importer.requests import Clock, Reading, Request, Views
from importer.views import MAX_LINE_BYTES, Skip, View

_ADDRESS = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#@]*)")
# Others make a number with a fraction of it, or put its name behind it.
_STATUS = re.compile(rb" ?(\d++)(?:\.0{1,20}| .*)?", re.DOTALL)
_CADDY_ACCESS = "http.log.access"
_CADDY_SAYS = "handled request"
_CADDY_COLUMNS = 3


class JsonLines:
    """Parses lines whose members have the usual names, or those that the reading's fields name."""

    name = "json"
    usual: Fields = GUESSED

    def __init__(self, clock: Clock, reading: Reading) -> None:
        self._views = Views(clock, reading, escaped=False)
        fields = chosen(self.usual, reading.fields)
        fields = fields._replace(host=()) if reading.host else fields
        self._reads_host = bool(fields.host)
        # What is merely called a host may be the client, or the machine.
        self._takes_addresses = fields.host != GUESSED.host
        # The lines of a file have few kinds of members.
        self._there = lru_cache(maxsize=256)(partial(there, fields))

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        found = read(line)
        if found is None:
            return Skip.MALFORMED_LINE if line.strip() else Skip.EMPTY
        request = self._request(found)
        if isinstance(request, Request):
            behind = read(found.behind)
            if behind is not None and isinstance(self._request(behind), Request):
                return Skip.JOINED
            return self._views.of(request)
        return Skip.MALFORMED_LINE if found.is_cut else request

    @classmethod
    def recognises(cls, line: bytes) -> bool:
        """Whether the line has what a view needs."""
        found = cls(lambda: float("inf"), Reading()).parse(line)
        return isinstance(found, View) or found in {Skip.NOT_GET, Skip.OTHER_STATUS}

    def _belongs(self, found: Found) -> bool:
        """Whether it is of the log that requests are in."""
        return True

    def _moments(self, found: Found, names: Names) -> Iterator[bytes]:
        """What may say when the request was."""
        return _texts(found.members, names)

    def _request(self, found: Found) -> Request | Skip:
        if not self._belongs(found):
            return Skip.NO_REQUEST
        fields = self._there(tuple(found.members))
        try:
            sent = _sent(found.members, fields)
            status = _STATUS.fullmatch(_text(found.members, fields.status) or b"")
            if sent is None or status is None:
                return Skip.NO_REQUEST
            at = next(filter(None, map(seconds_of, self._moments(found, fields.time))), None)
            if at is None:
                return Skip.TIMESTAMP
            host = self._host(found.members, fields.host, sent[1])
            agent = _agent(found.members, fields.agent)
            return Request(at, *sent, status[1].zfill(3), host, agent)
        except _GivenTwice:
            return Skip.TWICE

    def _host(self, members: dict[str, Member], names: Names, target: bytes) -> bytes:
        hosts = list(filter(None, map(host_in, _texts(members, names))))
        named = [host for host in hosts if not is_address(host)]
        if named or (hosts and self._takes_addresses):
            return (named or hosts)[0]
        address = _ADDRESS.match(target) if self._reads_host else None
        return host_in(address[1]) if address else b""


class Caddy(JsonLines):
    """The access log of Caddy 2; what else it tells is no request, though some of it names one."""

    name = "caddy"
    usual = CADDY

    def _belongs(self, found: Found) -> bool:
        members = found.members
        logger, says = members.get("logger"), members.get("msg", _CADDY_SAYS)
        columns = found.before.split(b"\t")
        if len(columns) > _CADDY_COLUMNS:
            return columns[2].startswith(_CADDY_ACCESS.encode())
        if isinstance(logger, str):
            return logger.startswith(_CADDY_ACCESS)
        return says == _CADDY_SAYS

    def _moments(self, found: Found, names: Names) -> Iterator[bytes]:
        yield from super()._moments(found, names)
        # As it writes to a terminal: moment, level, logger and message stand before the object.
        yield found.before.split(b"\t")[0]


class Traefik(JsonLines):
    """The access log of Traefik as JSON."""

    name = "traefik"
    usual = TRAEFIK


class _GivenTwice(Exception):
    """A member that matters is there twice and says two things."""


def _sent(members: dict[str, Member], fields: Fields) -> tuple[bytes, bytes] | None:
    """Method and target, empty where they are and hold nothing; None where they are not."""
    method, target = _text(members, fields.method), _text(members, fields.target)
    if method and target:
        return method.upper(), target
    line = _text(members, fields.request)
    if line and b" " in line:
        return request_of(line)
    path = _text(members, fields.path)
    if method and path:
        query = _text(members, fields.query) or b""
        return method.upper(), _with_query(path, query.removeprefix(b"?"))
    is_there = line is not None or None not in (method, path if target is None else target)
    return (b"", b"") if is_there else None


def _agent(members: dict[str, Member], names: Names) -> bytes:
    """The user agent, which Caddy has as the one item of a list; empty where it is not certain."""
    for name in names:
        value = _member(members, name)
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if isinstance(value, str) and value not in {"", "-"}:
            return bytes_of(value)
    return b""


def _texts(members: dict[str, Member], names: Names) -> Iterator[bytes]:
    """What the members hold that are text or a number; nothing for a dash. Raises `_GivenTwice`."""
    for name in names:
        value = _member(members, name)
        if isinstance(value, Twice):
            raise _GivenTwice
        if isinstance(value, str):
            yield b"" if value == "-" else bytes_of(value)


def _text(members: dict[str, Member], names: Names) -> bytes | None:
    """The first that is not empty; empty if all are that are there, None if none is."""
    found = None
    for text in _texts(members, names):
        if text:
            return text
        found = text
    return found


def _member(members: dict[str, Member], name: str) -> Member:
    if name in members:
        return members[name]
    outer, dot, inner = name.partition(".")
    value = members.get(outer) if dot else None
    if isinstance(value, dict):
        return _member(value, inner)
    return value if isinstance(value, Twice) else None


def _with_query(path: bytes, query: bytes) -> bytes:
    return path + b"?" + query if query and b"?" not in path else path
