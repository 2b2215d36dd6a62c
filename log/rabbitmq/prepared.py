"""What is sent to append a message, made ahead as far as it is the same each time."""

from collections.abc import Iterator

from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.frame import marshal
from pamqp.header import ContentHeader

_ID_DIGITS = 8
_MOST_IDS = 16**_ID_DIGITS
# Where a header's frame holds the size of the body: behind type, channel and length of the frame,
# class and weight.
_SIZE_AT, _SIZE_END = 11, 19
# The id is the last property, the mark of the frame's end follows it.
_ID_AT = -_ID_DIGITS - 1
# And where that of a piece of the body holds its length.
_LENGTH_AT = 3
# What a frame says of its length is no more.
_ANY_SIZE = 2**32 - 1


def message_id(tag: int) -> str:
    """By this a message that comes back is known. It is another's only long after."""
    return f"{tag % _MOST_IDS:08x}"


class Prepared:
    """Those of the messages for one stream, on one channel."""

    def __init__(self, channel: int, stream: str, max_content_size: int) -> None:
        self._channel = channel
        # Less than nothing where the broker bounds no frame (`frame_max = 0`).
        self._most = max_content_size if max_content_size > 0 else _ANY_SIZE
        method = Basic.Publish(
            routing_key=stream,
            # A message without a stream to go to would be confirmed too.
            mandatory=True,
        )
        properties = Basic.Properties(
            delivery_mode=2, content_type="application/json", message_id=message_id(0)
        )
        header = marshal(ContentHeader(properties=properties), channel)
        body = marshal(ContentBody(b""), channel)
        self._head = marshal(method, channel) + header[:_SIZE_AT]
        self._properties = header[_SIZE_END:_ID_AT]
        self._header_end = header[-1:]
        self._body_head = header[-1:] + body[:_LENGTH_AT]
        self._body_end = body[-1:]

    def of(self, body: bytes, message_id: str) -> bytes:
        """All that is sent of one message."""
        size = len(body)
        head = (self._head, size.to_bytes(8), self._properties, message_id.encode())
        if 0 < size <= self._most:
            return b"".join((*head, self._body_head, size.to_bytes(4), body, self._body_end))
        return b"".join((*head, self._header_end, *self._pieces(body)))

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        for at in range(0, len(body), self._most):
            yield marshal(ContentBody(body[at : at + self._most]), self._channel)
