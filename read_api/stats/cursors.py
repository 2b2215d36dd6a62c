"""Where a list goes on, as a word that clients send back as it is."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from domain.events import MAX_AT_MS, MAX_PAGE_BYTES, MAX_VIEWS
from domain.hours import HOUR_MS
from domain.pages import fault_of
from domain.stats.ranking import After

_MARK_BYTES = 8
_MOST_BYTES = 2 * MAX_PAGE_BYTES


class _Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`hour` is the open one when the list began: the rest of it is of the same hours."""

    rank: Annotated[int, Meta(ge=1, le=MAX_VIEWS)]
    value: Annotated[int, Meta(ge=-(2**62), le=2**62)]
    name: Annotated[str, Meta(max_length=MAX_PAGE_BYTES)]
    hour: Annotated[int, Meta(ge=0, le=MAX_AT_MS // HOUR_MS)]
    mark: bytes


class Unreadable(ValueError):
    """It is no cursor that was given out."""


class OfAnother(ValueError):
    """It belongs to a question that asks something else."""


Question = Sequence[tuple[str, str]]
"""The parameters that decide what a list has, and in which order."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Place).decode


def cursor_of(after: After, hour: int, question: Question) -> str:
    """The place behind a row, for this question only."""
    place = _Place(after.rank, after.value, after.name, hour, _mark(question))
    return urlsafe_b64encode(_encode(place)).rstrip(b"=").decode()


def place_of(cursor: str, question: Question) -> tuple[After, int]:
    """The place and the open hour. Raises `Unreadable` and `OfAnother`."""
    if len(cursor) > 2 * _MOST_BYTES or not cursor.isascii():
        raise Unreadable
    try:
        stored = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = _decode(stored)
    except (ValueError, msgspec.DecodeError):
        raise Unreadable from None
    if place.name and fault_of(place.name):
        raise Unreadable
    after = After(place.rank, place.value, place.name)
    # What was given out has one spelling.
    if cursor_of(after, place.hour, question) != cursor:
        raise OfAnother if place.mark != _mark(question) else Unreadable
    return after, place.hour


def _mark(question: Question) -> bytes:
    return blake2b(msgspec.msgpack.encode(list(question)), digest_size=_MARK_BYTES).digest()
