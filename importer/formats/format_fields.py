"""The format strings of nginx and of Apache, apart: what stands in a line as it is, and fields."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from importer.formats.format_time import COMMON, EPOCHS, ISO_8601, Unknown, looks


class FormatFault(Exception):
    """A format string that lines cannot be read by; the message says why."""


class Kind(Enum):
    """What a field is good for."""

    TIME = auto()
    REQUEST = auto()
    METHOD = auto()
    TARGET = auto()
    """As it was requested, with the query."""
    PATH = auto()
    """Decoded and without the query."""
    QUERY = auto()
    """With its question mark where there is one."""
    ARGS = auto()
    """Without it, `-` where there is none."""
    JOINED = auto()
    """A path with its query behind it."""
    HOST = auto()
    STATUS = auto()
    AGENT = auto()
    """Good to know, and nothing that a view needs."""
    TEXT = auto()


class Field(NamedTuple):
    """As it was `written`; `look` is the regular expression of what is short, else empty.

    Of several of a kind the one with the lowest `rank` is taken.
    """

    written: str
    kind: Kind = Kind.TEXT
    look: bytes = b""
    rank: int = 0


Token = bytes | Field

_STATUS = rb"\d{3}|-"
_NUMBER = rb"(?:-|-?\d{1,20}(?:\.\d{1,20})?)"
_PROTOCOL = rb"(?:[A-Za-z]{1,8}(?:/\d(?:\.\d)?)?|-|)"
_HOST = rb"\[[0-9A-Fa-f:.]{2,45}\]|[^\s/\"]{0,260}?"
_METHOD = rb"[^\s\"]{0,64}?"

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_VARIABLES = {
    "time_local": (Kind.TIME, COMMON),
    "time_iso8601": (Kind.TIME, ISO_8601),
    "msec": (Kind.TIME, rb"(?P<sec>\d{1,11})\.\d{3}"),
    "request": (Kind.REQUEST, b""),
    "request_method": (Kind.METHOD, _METHOD),
    "request_uri": (Kind.TARGET, b""),
    **dict.fromkeys(("uri", "document_uri"), (Kind.PATH, b"")),
    **dict.fromkeys(("args", "query_string"), (Kind.ARGS, b"")),
    "is_args": (Kind.TEXT, rb"\??"),
    **dict.fromkeys(("host", "http_host", "server_name"), (Kind.HOST, _HOST)),
    "status": (Kind.STATUS, _STATUS),
    "http_user_agent": (Kind.AGENT, b""),
    "server_protocol": (Kind.TEXT, _PROTOCOL),
    **dict.fromkeys(
        (
            *("body_bytes_sent", "bytes_sent", "request_length", "request_time"),
            *("connection", "connection_requests", "pid", "server_port", "remote_port"),
        ),
        (Kind.TEXT, _NUMBER),
    ),
}
_HOSTS_BY_RANK = ("host", "http_host", "server_name")

_DIRECTIVE = re.compile(r"%(%|[!<>0-9,]*(?:\{([^}]*)\})?[!<>0-9,]*(\^[A-Za-z]{2}|[A-Za-z]))")
_DIRECTIVES = {
    "t": (Kind.TIME, rb"\[" + COMMON + rb"\]"),
    "r": (Kind.REQUEST, b""),
    "m": (Kind.METHOD, _METHOD),
    "U": (Kind.PATH, b""),
    "q": (Kind.QUERY, b""),
    "V": (Kind.HOST, _HOST),
    "v": (Kind.HOST, _HOST),
    "s": (Kind.STATUS, _STATUS),
    "H": (Kind.TEXT, _PROTOCOL),
    **dict.fromkeys("bBIOSDTpPk", (Kind.TEXT, _NUMBER)),
}


def nginx_tokens(text: str) -> Iterator[Token]:
    """What nginx writes by it: any text for a variable that is not known."""
    end = 0
    for found in _VARIABLE.finditer(text):
        yield from _literal(text[end : found.start()])
        name = found[1] or found[2]
        kind, look = _VARIABLES.get(name, (Kind.TEXT, b""))
        rank = _HOSTS_BY_RANK.index(name) if name in _HOSTS_BY_RANK else 0
        yield Field(found[0], kind, look, rank)
        end = found.end()
    yield from _literal(text[end:])


def apache_tokens(text: str) -> Iterator[Token]:
    """What Apache writes by it. Raises `FormatFault` for what is no directive."""
    end = 0
    for found in _DIRECTIVE.finditer(text):
        yield from _apache_literal(text[end : found.start()])
        yield b"%" if found[1] == "%" else _directive(found)
        end = found.end()
    yield from _apache_literal(text[end:])


def has_variables(text: str) -> bool:
    """Whether nginx would put anything in it."""
    return _VARIABLE.search(text) is not None


def _directive(found: re.Match[str]) -> Field:
    written, argument, letter = found[0], found[2], found[3]
    if letter == "t" and argument is not None:
        return Field(written, Kind.TIME, _time(written, argument))
    if argument is not None:
        header = argument.lower() if letter == "i" else ""
        if header == "user-agent":
            return Field(written, Kind.AGENT)
        return Field(written, Kind.HOST, _HOST) if header == "host" else Field(written)
    kind, look = _DIRECTIVES.get(letter, (Kind.TEXT, b""))
    # The name that was asked for goes before that of the configuration, the last status before
    # the first.
    rank = {"V": 1, "v": 2}.get(letter, int(kind is Kind.STATUS and ">" not in written))
    return Field(written, kind, look, rank)


def _time(written: str, argument: str) -> bytes:
    plain = argument.removeprefix("begin:").removeprefix("end:")
    try:
        return EPOCHS.get(plain) or looks(plain or "%d/%b/%Y:%H:%M:%S %z")
    except Unknown as error:
        raise FormatFault(f"{error} in {written} is no conversion that is known") from error


def _apache_literal(text: str) -> Iterator[bytes]:
    if "%" in text:
        raise FormatFault(f"{text[text.index('%') :][:20]} is no directive; a percent sign is %%")
    yield from _literal(text)


def _literal(text: str) -> Iterator[bytes]:
    if text:
        yield text.encode("utf-8", "surrogateescape")
