"""The answer to a usual request: one task, one write."""

from asyncio import CancelledError
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from domain.errors import FootfallError
from web.passage import Header
from web.problems import Answer, from_error
from web.server.usual import Known


class _Nobody:
    """Who waits for more of a body that is whole."""

    def set(self) -> None:
        """Nobody hears it."""


class Brief:
    """Stands where uvicorn has its cycle of a request and its response, and is asked the same."""

    __slots__ = ("_of", "disconnected", "keep_alive", "response_complete", "response_started")

    scope: Mapping[str, Any] = {}
    message_event = _Nobody()

    def __init__(self, connection: Any) -> None:
        self._of = connection
        self.disconnected = False
        self.keep_alive = True
        self.response_started = False
        self.response_complete = False

    async def run(self, known: Known, body: bytes) -> None:
        """Have it answered, and tell the client."""
        of = self._of
        try:
            found, added = await known.usual.answer(of.client, body)
        except (Exception, CancelledError) as error:
            of.logger.error("a usual request failed", exc_info=error)
            found, added = from_error(FootfallError()), ()
            self.keep_alive = False
        if of.flow.write_paused:
            await of.flow.drain()
        if not self.disconnected:
            self._send(found, added)

    def _send(self, found: Answer, added: Sequence[Header]) -> None:
        of = self._of
        self.response_started = self.response_complete = True
        own = _same_lines(tuple(of.server_state.default_headers))
        others = _lines((*found.headers, *added))
        of.transport.write(
            b"%s%scontent-type: %s\r\ncontent-length: %d\r\n%s%s\r\n%s"
            % (
                STATUS_LINE[found.status],
                own,
                found.media_type,
                len(found.body),
                others,
                b"" if self.keep_alive else b"connection: close\r\n",
                found.body,
            )
        )
        if not self.keep_alive:
            of.transport.close()
        of.on_response_complete()


# The date stays the same for a second.
@lru_cache(maxsize=4)
def _same_lines(headers: tuple[Header, ...]) -> bytes:
    return _lines(headers)


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])
