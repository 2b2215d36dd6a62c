"""JSON, CSV (RFC 4180) or a JSON object a line: which is wanted, and how rows are written."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from domain.spreadsheets import harmless

Value = str | bool | int | float | Sequence[int] | Sequence[str] | None


class Format(Enum):
    """The value is what the parameter `format` calls it."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """With what belongs to it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.NDJSON: "application/x-ndjson",
}
_ACCEPTED = {
    "application/json": Format.JSON,
    "text/csv": Format.CSV,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
}
FORMATS = {one.value: one for one in Format}

_QUOTED = re.compile(r'[",\r\n]').search
_encode = msgspec.json.Encoder().encode


def accepted(accept: str, default: Format) -> Format:
    """What a client wants most by its Accept (RFC 9110, 12.5.1); `default` among equals.

    Who accepts nothing of ours gets the default, as the RFC allows.
    """
    ranges = [_range(text) for text in accept.split(",") if text.strip()]
    best = {one: max(_quality(name, ranges) for name in _names(one)) for one in Format}
    most = max(best.values())
    if most == 0 or best[default] == most:
        return default
    return next(one for one, quality in best.items() if quality == most)


def _names(wanted: Format) -> list[str]:
    return [name for name, one in _ACCEPTED.items() if one is wanted]


def _range(text: str) -> tuple[str, float]:
    """A media range and its quality; one that cannot be read is not wanted."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return name, _number(value.strip())
    return name, 1.0


def _number(text: str) -> float:
    try:
        quality = float(text) if text.isascii() else 0.0
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _quality(name: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most specific range that matches."""
    given = dict(ranges)
    kind = name.partition("/")[0]
    for wanted in (name, f"{kind}/*", "*/*"):
        if wanted in given:
            return given[wanted]
    return 0.0


def csv_line(values: Iterable[Value]) -> bytes:
    """One record; text that a spreadsheet would compute is made harmless."""
    return (",".join(map(_cell, values)) + "\r\n").encode()


def ndjson_line(names: Sequence[str], values: Iterable[Value]) -> bytes:
    """One object."""
    return _encode(dict(zip(names, values, strict=True))) + b"\n"


def json_bytes(content: object) -> bytes:
    """JSON."""
    return _encode(content)


def _cell(value: Value) -> str:
    if isinstance(value, str):
        text = harmless(value)
        return '"' + text.replace('"', '""') + '"' if _QUOTED(text) else text
    if value is None:
        return ""
    if isinstance(value, bool):
        # As in JSON, and no formula.
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else " ".join(map(str, value))
