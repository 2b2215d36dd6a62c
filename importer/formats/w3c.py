"""Lines of the W3C Extended Log Format, of IIS and others that name their columns, to views."""

import re
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from importer.formats.hosts import host_in
from importer.formats.moments import seconds_of
from importer.requests import Clock, Reading, Request, Views
from importer.views import MAX_LINE_BYTES, Skip, View

_FIELDS = b"#fields:"
_QUOTED = re.compile(rb'"[^"]*+"(?= |$)|[^ ]++')
_METHOD = re.compile(rb"[A-Z][A-Z-]*+")
_STATUS = re.compile(rb"\d{3}")
_NONE = {b"", b"-"}
_NOT_SENT = b"000"
# As IIS comes, with the referrer since its version 8: certain enough without a header.
_IIS = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [0-9A-Fa-f:.%]++ [A-Z]++ /[^ ]*+ [^ ]++ \d{1,5} [^ ]++"
    rb" [0-9A-Fa-f:.%]++ (?:[^ ]++ ){1,2}?\d{3} \d{1,4} \d{1,10} \d{1,10}"
)
_IIS_FIRST = b"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip".split()
_IIS_BETWEEN = b"cs(user-agent) cs(referer)".split()
_IIS_LAST = b"sc-status sc-substatus sc-win32-status time-taken".split()


class Columns(NamedTuple):
    """Where what a view needs stands among `width` columns; -1 is nowhere.

    `moment` is date and time in one; `is_whole` says that the query is part of `stem`. A line that
    was cut may end before `agent`.
    """

    moment: int
    date: int
    time: int
    method: int
    stem: int
    query: int
    status: int
    host: int
    width: int
    is_whole: bool
    agent: int

    def are_enough(self) -> bool:
        """Whether they tell a view."""
        is_dated = self.moment >= 0 or min(self.date, self.time) >= 0
        return is_dated and min(self.method, self.stem, self.status) >= 0


class W3C:
    """Parses the lines of one file, in their order: `#Fields` names the columns of what follows."""

    name = "w3c"
    hosts: ClassVar[tuple[bytes, ...]] = (b"cs-host", b"cs(host)")

    def __init__(self, clock: Clock, reading: Reading) -> None:
        # A backslash in these logs was requested.
        self._views = Views(clock, reading, escaped=False)
        self._columns: Columns | None = None

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        line = line.rstrip(b"\r\n ")
        if line.startswith(b"#"):
            return self._header(line)
        if not line.strip():
            return Skip.EMPTY
        columns = self._columns or self.usual(line)
        if columns is None:
            return Skip.NO_FIELDS
        if not columns.are_enough():
            return Skip.NO_COLUMN
        fields = _split(line, columns)
        request = self._request(fields, columns) if fields else None
        return Skip.MALFORMED_LINE if request is None else self._views.of(request)

    def usual(self, line: bytes) -> Columns | None:
        """The columns of a line before any `#Fields`, where they are certain."""
        if not _IIS.fullmatch(line):
            return None
        between = line.count(b" ") + 1 - len(_IIS_FIRST) - len(_IIS_LAST)
        return self.columns_of([*_IIS_FIRST, *_IIS_BETWEEN[:between], *_IIS_LAST])

    def path_of(self, stem: bytes) -> bytes:
        """The path as it was requested: IIS has decoded it, so that `?` was `%3F`."""
        return stem.replace(b"?", b"%3F")

    def agent_of(self, field: bytes) -> bytes:
        """The user agent as it was sent: IIS writes a blank as +."""
        return field.replace(b"+", b" ")

    def columns_of(self, names: Sequence[bytes]) -> Columns:
        """Where the columns called so are; a name that stands twice is the first."""
        at = {name.lower(): place for place, name in reversed([*enumerate(names)])}

        def place(*wanted: bytes) -> int:
            return next((at[name] for name in wanted if name in at), -1)

        return Columns(
            moment=place(b"timestamp", b"timestamp(ms)"),
            date=place(b"date"),
            time=place(b"time"),
            method=place(b"cs-method"),
            stem=place(b"cs-uri-stem", b"cs-uri"),
            query=place(b"cs-uri-query"),
            status=place(b"sc-status"),
            host=place(*self.hosts),
            width=len(names),
            is_whole=b"cs-uri-stem" not in at,
            agent=place(b"cs(user-agent)", b"cs-user-agent"),
        )

    def _header(self, line: bytes) -> Skip:
        if is_fields_line(line):
            self._columns = self.columns_of(line[len(_FIELDS) :].split())
        return Skip.HEADER

    def _request(self, fields: list[bytes], columns: Columns) -> Request | None:
        status, method = fields[columns.status], fields[columns.method]
        at = seconds_of(_moment(fields, columns))
        if at is None or not (status in _NONE or _STATUS.fullmatch(status)):
            return None
        target = self._target(fields, columns)
        if not target or not _METHOD.fullmatch(method):
            method = b""
        host = host_in(fields[columns.host].strip(b'"')) if columns.host >= 0 else b""
        status = _NOT_SENT if status in _NONE else status
        return Request(at, method, target, status, host, self._agent(fields, columns))

    def _agent(self, fields: list[bytes], columns: Columns) -> bytes:
        """The user agent, empty where the line was cut before it."""
        if not 0 <= columns.agent < len(fields):
            return b""
        return self.agent_of(fields[columns.agent].strip(b'"'))

    def _target(self, fields: list[bytes], columns: Columns) -> bytes:
        """Empty where there was none."""
        stem = fields[columns.stem]
        if stem in _NONE or columns.is_whole:
            return b"" if stem in _NONE else stem
        query = fields[columns.query] if columns.query >= 0 else b""
        path = self.path_of(stem)
        return path if query in _NONE else path + b"?" + query


def is_fields_line(line: bytes) -> bool:
    """Whether the line names columns."""
    return line[: len(_FIELDS)].lower() == _FIELDS


def _moment(fields: list[bytes], columns: Columns) -> bytes:
    if min(columns.date, columns.time) >= 0:
        return fields[columns.date] + b"T" + fields[columns.time]
    return fields[columns.moment]


def _split(line: bytes, columns: Columns) -> list[bytes]:
    """As many fields as there are columns, fewer of a line that was cut behind what is needed.

    Empty where they are others: which is which is not guessed.
    """
    if b"\t" in line:
        fields = line.split(b"\t")
    else:
        fields = line.split(b" ")
        if len(fields) != columns.width:
            fields = _QUOTED.findall(line)
    last = max(columns[: columns._fields.index("width")])
    return fields if last + 1 < len(fields) < columns.width or len(fields) == columns.width else []
