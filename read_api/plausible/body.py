"""The body of a question as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.errors import RequestRefused
from read_api.plausible.refusing import quoted, wrong


def members_of(body: bytes) -> Mapping[str, Any]:
    """Of its object; each is there once. Raises `RequestRefused`."""
    try:
        found = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        # Halves of characters cannot be said back.
        msgspec.json.encode(found)
    except RequestRefused:
        raise
    except RecursionError:
        raise wrong("", "the body is nested too deeply") from None
    except ValueError as error:
        raise wrong("", f"the body is no JSON in UTF-8: {quoted(str(error))}") from None
    if not isinstance(found, dict):
        raise wrong("", "the body is no object: send one, as application/json")
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise wrong("", f"{quoted(twice)} is there twice")
    return found


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def escaped(name: str) -> str:
    """A name in a JSON pointer (RFC 6901), not all of it where it is long."""
    return quoted(name)[1:-1].replace("~", "~0").replace("/", "~1")
