"""Lines of logs to views by the format string that nginx or Apache wrote them by."""

import re
from functools import lru_cache

from importer.formats.format_fields import (
    FormatFault,
    apache_tokens,
    has_variables,
    nginx_tokens,
)
from importer.formats.format_pattern import Pattern, pattern_of
from importer.formats.format_time import seconds_of_parts
from importer.formats.hosts import host_in
from importer.loose_line import request_of
from importer.requests import Clock, Reading, Request, Views
from importer.views import MAX_LINE_BYTES, Skip, View

_COMMON = '%h %l %u %t "%r" %>s %b'
_REFERRER_AND_AGENT = ' "%{Referer}i" "%{User-Agent}i"'
NAMED = {
    "combined": _COMMON + _REFERRER_AND_AGENT,
    "common": _COMMON,
    "vhost_combined": '%v:%p %h %l %u %t "%r" %>s %O' + _REFERRER_AND_AGENT,
    "main": (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" "$http_x_forwarded_for"'
    ),
}
"""What the servers call their own."""

_MOST_CHARACTERS = 8_192
_PASTED = re.compile(r"\s*(log_format|LogFormat)(?=[\s'\"])(.*)", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(#[^\n]*|[^\s'\";]+|;)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"'\\tnr])")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
_NOT_SENT = b"000"
_METHOD = re.compile(rb"[A-Z][A-Z-]*+")
_NONE = {b"", b"-"}


class LogFormat:
    """How lines are written; `is_escaped` unless nginx was told to write what came as it came."""

    def __init__(self, text: str) -> None:
        """Raises `FormatFault`."""
        if len(text) > _MOST_CHARACTERS:
            raise FormatFault(f"it has more than {_MOST_CHARACTERS:,} characters")
        text, self.is_escaped, is_nginx = _unpasted(NAMED.get(text.strip(), text))
        text = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text).strip()
        if "\n" in text:
            raise FormatFault("it has a line feed, but a record is one line")
        self.is_nginx = is_nginx or has_variables(text)
        try:
            tokens = [*(nginx_tokens if self.is_nginx else apache_tokens)(text)]
        except UnicodeEncodeError as error:
            raise FormatFault("it has characters that are none") from error
        self.pattern: Pattern = pattern_of(tokens)


@lru_cache(maxsize=16)
def log_format_of(text: str) -> LogFormat:
    """What `text`, a format string, its name or the line of a configuration, says of lines.

    Raises `FormatFault`.
    """
    return LogFormat(text)


class FormatString:
    """Parses lines in their order."""

    name = "log"

    def __init__(self, clock: Clock, reading: Reading) -> None:
        """Raises `FormatFault`."""
        form = log_format_of(reading.log_format)
        self._views = Views(clock, reading, escaped=form.is_escaped)
        self._pattern = form.pattern
        self._is_nginx = form.is_nginx
        self._roles = self._pattern.first.groupindex.keys() - {*self._pattern.moment, "here"}

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""
        if len(line) > MAX_LINE_BYTES:
            return Skip.LONG_LINE
        line = line.rstrip(b"\r\n")
        if not line.strip():
            return Skip.EMPTY
        match = self._pattern.first.match(line)
        if match is None:
            return Skip.MALFORMED_LINE
        names = self._pattern.moment
        values = match.group(*names) if len(names) > 1 else (match[names[0]],)
        at = seconds_of_parts(names, values)
        if at is None:
            return Skip.TIMESTAMP
        if self._is_joined(line, match.end()):
            return Skip.JOINED
        said = {role: match[role] for role in self._roles}
        if self._pattern.agent and (found := self._pattern.agent.match(line, match.end("here"))):
            said["agent"] = found["agent"]
        # The blank in front of it was one of the path.
        if said.get("query", b"").strip()[:1] not in {b"", b"?"}:
            return Skip.MALFORMED_LINE
        return self._views.of(self._request(at, said))

    def _is_joined(self, line: bytes, end: int) -> bool:
        again, mark, marks = self._pattern.again, self._pattern.mark, self._pattern.marks
        if mark and line.count(mark) <= marks:
            return False
        return again.match(line, end) is not None

    def _request(self, at: int, said: dict[str, bytes]) -> Request:
        if "request" in said:
            method, target = request_of(said["request"])
        else:
            target = _target(said, self._is_nginx).rstrip()
            is_request = target not in _NONE and _METHOD.fullmatch(said["method"])
            method = said["method"] if is_request else b""
        status = said["status"]
        host = host_in(said.get("host", b""))
        status = _NOT_SENT if status == b"-" else status
        agent = said.get("agent", b"").strip()
        return Request(at, method, target, status, host, b"" if agent == b"-" else agent)


def _target(said: dict[str, bytes], is_nginx: bool) -> bytes:
    if "target" in said:
        return said["target"]
    if "joined" in said:
        return _without_empty_args(said["joined"]) if is_nginx else said["joined"]
    # Decoded, so that what looks like the beginning of a query was none.
    path = said["path"].replace(b"?", b"%3F")
    args = said.get("query", said.get("args", b"")).strip()
    if path in _NONE or args in _NONE:
        return path
    return path + b"?" + args.removeprefix(b"?")


def _without_empty_args(joined: bytes) -> bytes:
    """nginx writes `-` for arguments that were not there."""
    path, mark, args = joined.partition(b"?")
    if mark:
        return path if args in _NONE else joined
    return path.removesuffix(b"-") if len(path) > 1 else path


def _unpasted(text: str) -> tuple[str, bool, bool]:
    """The format string, whether what it names is escaped, and whether it is certainly nginx's."""
    pasted = _PASTED.fullmatch(text)
    if pasted is None:
        return text, True, False
    is_nginx = pasted[1] == "log_format"
    strings, words = [], []
    for single, double, word in _WORD.findall(pasted[2]):
        if word == ";":
            break
        words.append(word)
        if not word:
            strings.append(single or double)
    if not strings:
        raise FormatFault(f"there is no string in quotation marks behind {pasted[1]}")
    if is_nginx:
        return "".join(strings), "escape=none" not in words, True
    return strings[0], True, False
