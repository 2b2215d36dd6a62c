"""What is sent within one turn of the loop leaves in one write."""

import asyncio

from aiormq.abc import AbstractConnection

# A full queue is emptied in the next turn, unless its connection is about to end.
_AGAIN_SECONDS = 0.01


class Outbox:
    """Of one connection: into the client library's queue of frames, in order with its own."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._filling = _Piece()

    def put(self, frames: bytes) -> None:
        """Send them, with all that is put before the client library comes to write."""
        if not self._filling.written:
            self._filling.frames.append(frames)
            return
        self._filling = _Piece(frames)
        self._enqueue(self._filling)

    def _enqueue(self, piece: "_Piece") -> None:
        try:
            self._connection.write_queue.put_nowait(piece)
        except asyncio.QueueFull:
            if not self._connection.is_closed:
                asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._enqueue, piece)


class _Piece:
    """A `ChannelFrame` to the client library's writer, which asks for the payload and no more."""

    should_close = False
    should_drain = False

    def __init__(self, *frames: bytes) -> None:
        self.frames = [*frames]
        self.written = not frames

    @property
    def payload(self) -> bytes:
        self.written = True
        return b"".join(self.frames)
