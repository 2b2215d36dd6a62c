"""What the log took of one request, as a word that clients send back as it is.

Words that a release gave out are read for ever: `tests/unit/domain/test_receipts.py` has some.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from domain.events import MAX_AT_MS, Partition
from domain.hours import MAX_AHEAD_MS

Taken = Mapping[tuple[Partition, str], int]
"""By partition and producer the highest sequence of a batch with something of the request in it."""

MAX_TEXT = 2_048
"""Characters: a header of a proxy has room for it. Enough for 240 partitions of any one
producer, as long as it has sent each of them less than four billion batches."""
_VERSION = "1"
_VERSIONS = "123456789"
_HEX = 32
_NAME = re.compile("[!-~]{1,64}")
# Of partitions: what databases hold of a number.
_MOST = 2**31 - 1

_Sequence = Annotated[int, Meta(ge=1, le=2**62)]
_Step = Annotated[int, Meta(ge=0)]
# A producer's name, the partitions (of what ascends only the steps) and the sequences.
_Of = tuple[bytes, list[_Step], list[_Sequence]]
_Fields = tuple[Annotated[int, Meta(ge=0, le=MAX_AT_MS)], list[_Of]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Fields).decode


class Receipt(Struct, frozen=True):
    """What was `taken`, and when all of it was confirmed (ms, by the clock of ingest)."""

    confirmed_ms: int
    taken: Taken


class Unreadable(ValueError):
    """It is no receipt that was given out."""


class OfNewer(Unreadable):
    """A newer Footfall has given it out."""


def is_folded(receipt: Receipt, sequences: Taken, complete_ms: Mapping[Partition, int]) -> bool:
    """Has a fold come by all of it, that stands at `sequences` and is complete so far?

    A producer has one batch under way in a partition: what was confirmed stands in the log before
    all that it numbers higher. Where that is not known (its position was dropped, or what was set
    aside left none), the partition has to be complete up to a moment that is later by every clock.
    """
    surely_ms = receipt.confirmed_ms + MAX_AHEAD_MS
    return all(
        sequences.get(key, 0) >= sequence or complete_ms.get(key[0], 0) > surely_ms
        for key, sequence in receipt.taken.items()
    )


def receipt_text(receipt: Receipt) -> str | None:
    """The word for it: 1 and unpadded base64url; None where that is over `MAX_TEXT` characters."""
    taken = receipt.taken
    if len(taken) == 1:
        (((partition, producer), sequence),) = taken.items()
        return _text_of_one(receipt.confirmed_ms, partition, producer, sequence)
    return _text(receipt.confirmed_ms, _of_all(taken))


def read_receipt(text: str) -> Receipt:
    """The receipt that a word stands for. Raises `Unreadable`, `OfNewer` where that is why."""
    if not text.isascii() or not 1 < len(text) <= MAX_TEXT:
        raise Unreadable
    if text[0] != _VERSION:
        raise OfNewer if text[0] in _VERSIONS else Unreadable
    try:
        confirmed_ms, found = _decode(urlsafe_b64decode(text[1:] + "=" * (-(len(text) - 1) % 4)))
    except (ValueError, msgspec.DecodeError):
        raise Unreadable from None
    taken: dict[tuple[Partition, str], int] = {}
    for name, steps, sequences in found:
        partition = 0
        if len(steps) != len(sequences) or sum(steps) > _MOST:
            raise Unreadable
        for step, sequence in zip(steps, sequences, strict=True):
            partition += step
            taken[Partition(partition), _named(name)] = sequence
    receipt = Receipt(confirmed_ms, taken)
    # What was given out has one spelling.
    if receipt_text(receipt) != text:
        raise Unreadable
    return receipt


# Single views are confirmed by the batch: the same is said to several.
@lru_cache(maxsize=64)
def _text_of_one(ms: int, partition: Partition, producer: str, sequence: int) -> str | None:
    return _text(ms, [(_packed(producer), [partition], [sequence])])


def _text(confirmed_ms: int, found: list[_Of]) -> str | None:
    text = _VERSION + urlsafe_b64encode(_encode((confirmed_ms, found))).rstrip(b"=").decode()
    return text if len(text) <= MAX_TEXT else None


def _of_all(taken: Taken) -> list[_Of]:
    by_name: dict[str, list[tuple[int, int]]] = {}
    for (partition, producer), sequence in sorted(taken.items()):
        by_name.setdefault(producer, []).append((partition, sequence))
    return [_of(name, found) for name, found in sorted(by_name.items())]


def _of(producer: str, taken: list[tuple[int, int]]) -> _Of:
    partitions = [partition for partition, _ in taken]
    steps = [high - low for low, high in zip([0, *partitions], partitions, strict=False)]
    return _packed(producer), steps, [sequence for _, sequence in taken]


@lru_cache(maxsize=16)
def _packed(producer: str) -> bytes:
    """A zero and 16 bytes where it is 32 hexadecimal digits, as ingest makes them."""
    try:
        packed = bytes.fromhex(producer)
    except ValueError:
        packed = b""
    if len(packed) * 2 == _HEX and packed.hex() == producer:
        return b"\0" + packed
    return producer.encode()


def _named(packed: bytes) -> str:
    """The name. Raises `Unreadable`."""
    if packed[:1] == b"\0":
        return packed[1:].hex()
    name = packed.decode("latin-1")
    if _NAME.fullmatch(name) is None:
        raise Unreadable
    return name
