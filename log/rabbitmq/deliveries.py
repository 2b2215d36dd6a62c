"""Deliveries, read from the bytes of their frames: of each only what a subscription needs.

A delivery is a method, a header with the offset among its properties, and the body in any number of
frames. What does not look like one that a stream hands out is left to the client library.
"""

from collections.abc import Callable
from struct import Struct
from struct import error as _Short  # noqa: N812

from pamqp.header import ContentHeader

from domain.events import Entry, Offset
from log.rabbitmq.frames import MOST_BYTES, NOT_MINE, UNFINISHED

Delivered = tuple[Entry, int]
"""An entry of the log, and the tag to ack it by."""

_METHOD, _HEADER, _BODY = 1, 2, 3
_CHANNEL = Struct(">BH")
_PART = Struct(">3sI")
# What a frame has beside its payload: kind, channel and size before it, a mark at its end.
_AROUND = _PART.size + 1
_MARK = 0xCE
# The same of a delivery, its class and method, the length of the consumer's name.
_DELIVER = Struct(">3sI4sB")
_IS_DELIVERED = b"\0\x3c\0\x3c"
# A channel that is closed, a consumer that is cancelled: of what comes yet nothing is handed out.
_IS_OVER = frozenset({b"\0\x14\0\x28", b"\0\x14\0\x29", b"\0\x3c\0\x1e", b"\0\x3c\0\x1f"})
# The same of a header, its class, a weight, the size of the body, which properties follow.
_CONTENT = Struct(">3sIHHQH")
_BASIC = 60
_NUMBER = Struct(">q")
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS, _MORE = 0x8000, 0x4000, 0x2000, 0x0001
# A table of a single entry, a whole number.
_ONLY_THE_OFFSET = b"\0\0\0\x19\x0fx-stream-offsetl"


class _OddError(Exception):
    """The library says what is wrong with it, or makes something of it."""


class Deliveries:
    """Takes the deliveries of one channel, each as soon as it is there as a whole.

    Once one was left to the library, so are all that follow: they would overtake it.
    """

    def __init__(self, channel: int, receive: Callable[[list[Delivered]], None]) -> None:
        self._method = _CHANNEL.pack(_METHOD, channel)
        self._header = _CHANNEL.pack(_HEADER, channel)
        self._body = _CHANNEL.pack(_BODY, channel)
        self._receive = receive
        self._left = False

    def take(self, data: bytes, place: int) -> int:
        """All that follow each other from `place` on (`log.rabbitmq.frames.Taker`)."""
        if self._left:
            return NOT_MINE
        found: list[Delivered] = []
        end = UNFINISHED
        try:
            while place < len(data) and (end := self._read(data, place, found)) > 0:
                place = end
        except _Short:
            # What follows others may be of another channel.
            end = UNFINISHED if found or self._may_go_on(data, place) else self._leave()
        except _OddError:
            end = self._leave()
        if not found:
            return end
        self._receive(found)
        return place

    def _leave(self) -> int:
        self._left = True
        return NOT_MINE

    def _read(self, data: bytes, place: int, found: list[Delivered]) -> int:
        """The delivery at `place`: where it ends, `NOT_MINE` where it is something else."""
        head, size, method, length = _DELIVER.unpack_from(data, place)
        if method != _IS_DELIVERED or head != self._method:
            self._left = head == self._method and method in _IS_OVER
            return NOT_MINE
        tag_at, header_at = place + _DELIVER.size + length, place + size + _AROUND
        head, size, kind, _, body_size, flags = _CONTENT.unpack_from(data, header_at)
        body_at = header_at + size + _AROUND
        if (
            head != self._header
            or kind != _BASIC
            or tag_at + _NUMBER.size >= header_at
            or body_size > MOST_BYTES
        ):
            raise _OddError
        body, end = self._joined(data, body_at, body_size)
        if data[header_at - 1] != _MARK or data[body_at - 1] != _MARK:
            raise _OddError
        offset = _offset(data, header_at + _CONTENT.size, body_at - 1, flags)
        if offset is None:
            offset = _offset_by_library(data[header_at + _PART.size : body_at - 1])
        found.append((Entry(offset, body), _NUMBER.unpack_from(data, tag_at)[0]))
        return end

    def _joined(self, data: bytes, place: int, size: int) -> tuple[bytes, int]:
        """The body whose frames begin at `place`, and where they end."""
        parts: list[bytes] = []
        while size:
            head, length = _PART.unpack_from(data, place)
            end = place + length + _AROUND
            if head != self._body or not 0 < length <= size:
                raise _OddError
            if end > len(data):
                raise _Short
            if data[end - 1] != _MARK:
                raise _OddError
            parts.append(data[place + _PART.size : end - 1])
            place, size = end, size - length
        if place > len(data):
            raise _Short
        return b"".join(parts), place

    def _may_go_on(self, data: bytes, place: int) -> bool:
        """Is it the beginning of a delivery, and nothing between, what is there from `place` on?"""
        wanted = self._method
        while place < len(data):
            if not wanted.startswith(data[place : place + _CHANNEL.size]):
                return False
            if len(data) - place < _PART.size:
                return True
            _, size = _PART.unpack_from(data, place)
            if size > MOST_BYTES:
                return False
            place += size + _AROUND
            wanted = self._header if wanted is self._method else self._body
        return True


def offset_of(header: ContentHeader) -> Offset:
    """Raises `KeyError` or `ValueError` where it says none."""
    headers = header.properties.headers or {}
    return Offset(int(str(headers["x-stream-offset"])))


def _offset(data: bytes, place: int, end: int, flags: int) -> Offset | None:
    """As every broker writes it: nothing but a type and an encoding may stand before it."""
    if flags & (_HEADERS | _MORE) != _HEADERS:
        return None
    if flags & _CONTENT_TYPE:
        place += 1 + data[place]
    if flags & _CONTENT_ENCODING:
        place += 1 + data[place]
    number_at = place + len(_ONLY_THE_OFFSET)
    if number_at + _NUMBER.size > end or not data.startswith(_ONLY_THE_OFFSET, place):
        return None
    return Offset(_NUMBER.unpack_from(data, number_at)[0])


def _offset_by_library(payload: bytes) -> Offset:
    header = ContentHeader()
    try:
        header.unmarshal(payload)
        return offset_of(header)
    except Exception as error:
        raise _OddError from error
