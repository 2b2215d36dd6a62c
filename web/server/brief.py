"""The answer to a usual request: no task, one write."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from domain.errors import FootfallError
from web.passage import Header
from web.problems import Answer, from_error
from web.short_way import Asked, Usual


class _Nobody:
    """Who waits for more of a body that is whole."""

    def set(self) -> None:
        """Nobody hears it."""


class Brief:
    """Stands where uvicorn has its cycle of a request and its response, and is asked the same."""

    __slots__ = (
        "_asked",
        "_of",
        "disconnected",
        "keep_alive",
        "response_complete",
        "response_started",
    )

    scope: Mapping[str, Any] = {}
    message_event = _Nobody()

    def __init__(self, connection: Any, usual: Usual) -> None:
        self._of = connection
        self._asked = Asked(usual, connection.client)
        self.disconnected = False
        self.keep_alive = True
        self.response_started = False
        self.response_complete = False

    def begin(self, body: bytes) -> None:
        """Have it answered, now or later."""
        found = self._asked.begin(body)
        if isinstance(found, Answer):
            self._answer(found)
        else:
            # What is under way when the process ends is waited for, and then cancelled.
            self._of.tasks.add(found)
            found.add_done_callback(self._end)

    def _end(self, taking: "asyncio.Future[Any]") -> None:
        self._of.tasks.discard(taking)
        try:
            found = self._asked.end(taking)
        except asyncio.CancelledError as error:
            self._of.logger.error("a usual request was broken off", exc_info=error)
            found = from_error(FootfallError())
            self.keep_alive = False
        self._answer(found)

    def _answer(self, found: Answer) -> None:
        if self._of.flow.write_paused:
            task = self._of.loop.create_task(self._answer_later(found))
            task.add_done_callback(self._of.tasks.discard)
            self._of.tasks.add(task)
        elif not self.disconnected:
            self._send(found, self._asked.added)

    async def _answer_later(self, found: Answer) -> None:
        await self._of.flow.drain()
        self._answer(found)

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
