"""Properties of messages that the client library cannot read, and that nobody here looks at.

It takes a timestamp beyond the year 9999, or a name that is not UTF-8, for a broken connection: one
such message, whoever put it into a stream, would end the reading of all streams again and again.
"""

from datetime import UTC, datetime
from typing import Any

from pamqp import decode


def tolerate() -> None:
    """From now on the client library reads such properties, whatever it makes of them."""
    decode.METHODS["timestamp"] = decode.TABLE_MAPPING[b"T"] = _timestamp
    decode.METHODS["shortstr"] = _short_string
    decode.METHODS["table"] = decode.TABLE_MAPPING[b"F"] = _table


def _timestamp(value: bytes) -> tuple[int, datetime]:
    try:
        return decode.timestamp(value)
    except (ValueError, OverflowError, OSError):
        return 8, datetime.max.replace(tzinfo=UTC)


def _short_string(value: bytes) -> tuple[int, str]:
    return 1 + value[0], _text(value[1 : 1 + value[0]])


def _table(value: bytes) -> tuple[int, dict[str, Any]]:
    end = 4 + int.from_bytes(value[:4])
    found: dict[str, Any] = {}
    offset = 4
    while offset < end:
        key_end = offset + 1 + value[offset]
        consumed, held = decode.embedded_value(value[key_end:end])
        found[_text(value[offset + 1 : key_end])] = held
        offset = key_end + consumed
    return end, found


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
