"""Confirms, taken from what comes in before the client library reads it."""

from struct import Struct

from aiormq import Channel
from pamqp.commands import Basic
from pamqp.constants import FRAME_END

from log.rabbitmq.frames import NOT_MINE, UNFINISHED

# Behind type and channel of a frame: the length of what follows, and the method.
_METHOD = Struct(">3xII")
# Of a confirm then a number, whether all up to it are meant, and the frame's end.
_ACK = Struct(">11xQBB")
_ACK_LENGTH = 13


class Confirming:
    """Settles what the channel has sent, as the channel would.

    As long as nothing but confirms is said on it. What comes back is confirmed too, right behind:
    from there on the client library hears everything, in order.
    """

    def __init__(self, channel: Channel) -> None:
        self._confirmations = channel.confirmations
        self._nothing_else = True

    def take(self, data: bytes, place: int) -> int:
        there = len(data) - place
        if there < _METHOD.size:
            return UNFINISHED
        if _METHOD.unpack_from(data, place) != (_ACK_LENGTH, Basic.Ack.index):
            self._nothing_else = False
            return NOT_MINE
        if there < _ACK.size:
            return UNFINISHED
        if self._nothing_else and self._settled(*_ACK.unpack_from(data, place)):
            return place + _ACK.size
        return NOT_MINE

    def _settled(self, tag: int, multiple: int, end: int) -> bool:
        # The client library complains of what it did not send, and of what it does not understand.
        if tag not in self._confirmations or end != FRAME_END:
            return False
        if multiple:
            self._settle_up_to(tag)
        else:
            self._settle(tag)
        return True

    def _settle_up_to(self, tag: int) -> None:
        # They are in order.
        while (oldest := next(iter(self._confirmations), tag + 1)) <= tag:
            self._settle(oldest)

    def _settle(self, tag: int) -> None:
        confirmed = self._confirmations.pop(tag)
        if not confirmed.done():
            confirmed.set_result(None)
