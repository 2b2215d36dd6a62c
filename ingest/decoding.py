"""JSON from strangers: every member of every object is seen, the one that is given twice too."""

import json
from typing import Any, NoReturn

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WHITE_SPACE = " \t\n\r"
# Of a number, sign included; no count has more.
_MAX_DIGITS = 20


class NotJson(ValueError):
    """The bytes are no JSON text in UTF-8; the message says why."""


def decode(body: bytes) -> Any:
    """What is in `body`: an object is a tuple of its members, in order, an array a list.

    A member is a pair of name and value, a number that is not whole, or beyond any count, None. A
    byte order mark is skipped (RFC 8259, 8.1). A name or text may hold lone surrogates. Raises
    `NotJson`.
    """
    try:
        text = body.removeprefix(_BYTE_ORDER_MARK).decode().strip(_WHITE_SPACE)
        found, end = _read(text)
    except RecursionError as error:
        raise NotJson("it is nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    if end != len(text):
        raise NotJson(f"something follows after character {end}")
    return found


class _Whole(dict[str, int | None]):
    """Digits to the number: small ones are ready, others are bounded before they become one."""

    def __missing__(self, digits: str) -> int | None:
        return int(digits) if len(digits) <= _MAX_DIGITS else None


def _no_count(_: str) -> None:
    """Of any fraction or exponent, `1.0` and `1e2` too."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


# Tuples, because nothing else of JSON becomes one. What is called often is written in C, so that it
# costs little more than a decoder that drops what is given twice.
_read = json.JSONDecoder(
    object_pairs_hook=tuple,
    parse_int=_Whole({str(number): number for number in range(1, 1_000)}).__getitem__,
    parse_float=_no_count,
    parse_constant=_refuse,
).raw_decode
