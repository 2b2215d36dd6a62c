"""How long a connection stays, what it is told, and how it ends."""

import asyncio
from enum import Enum
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from domain.problems import OVERLOADED, TOO_SLOW, Kind
from web.passage import new_id, passage_of
from web.server.crowd import Crowd
from web.server.heads import method_of
from web.server.reading import Reading
from web.server.refusals import refusal


class Stage(Enum):
    """What the connection waits for."""

    HEAD = "the head of a request"
    LENGTH = "the rest of a body of known length"
    CHUNKS = "the rest of a body in chunks"
    ANSWER = "the answer to a request that is whole"
    OVER = "its end"


class Stay(HttpToolsProtocol):
    """A connection as a guest of the crowd: closed where its client has had its time."""

    flow: Reading

    def __init__(
        self,
        crowd: Crowd,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = crowd
        self._limits = crowd.limits
        self._stage = Stage.HEAD
        self._since = self.loop.time()
        """When it began to wait for that."""
        self._waiting = b""
        """Read, and not given to the parser."""
        self._held = 0
        self._asked = False
        """Whether a request has begun, ever."""
        self._answered = False
        """Whether the one that began last is answered."""
        self._unsent = 0
        self._unsent_since = self._since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Reading(transport)
        if not self._crowd.enter(self):
            self._tell(OVERLOADED, "too many connections are open: come back later", "")

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.exit(self)
        self._end()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._stage is Stage.OVER:
            self.transport.close()
        else:
            super().shutdown()

    # Time.

    def watch(self, now: float) -> None:
        if self._is_stalled(now):
            self._crowd.refused("answers that nobody took in")
            self.dismiss()
            return
        waited = now - self._since
        match self._stage:
            case Stage.HEAD if self._waiting and waited > self._limits.head_seconds:
                self._refuse(TOO_SLOW, "the headers did not arrive in time", "slow headers")
            case Stage.HEAD if not self._waiting and waited > self._idle_seconds():
                self._leave()
            case Stage.LENGTH | Stage.CHUNKS if waited > self._body_seconds():
                self._refuse(TOO_SLOW, "the body did not arrive in time", "slow bodies")
            case Stage.OVER if waited > self._limits.unread_seconds:
                self._leave()
            case _:
                pass

    def _idle_seconds(self) -> float:
        limits = self._limits
        return limits.idle_seconds if self._asked else limits.first_byte_seconds

    def _body_seconds(self) -> float:
        return self._limits.unread_seconds if self._answered else self._limits.body_seconds

    def _is_stalled(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        return now - self._unsent_since > self._limits.stalled_seconds

    # Refusing.

    def _refuse(self, kind: Kind, detail: str, reason: str) -> None:
        """Answer in the application's place, and close."""
        self._crowd.refused(reason)
        if self._stage is Stage.HEAD:
            self._tell(kind, f"{detail}; the connection is closed", method_of(self._waiting))
        elif self._answered:
            # There is no other answer to it.
            self._linger()
        elif self.cycle.response_started:
            self._leave()
        else:
            self._give_up()
            self._tell(kind, f"{detail}; the connection is closed", self.cycle.scope["method"])

    def _give_up(self) -> None:
        """Tell the application that the rest of a body will never come."""
        if self._asked and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    # Ending.

    def _tell(self, kind: Kind, detail: str, method: str) -> None:
        name = self._name()
        headers = [*self.server_state.default_headers, (b"x-request-id", name)]
        self.transport.write(refusal(kind, detail, method, headers))
        self._crowd.told(method, kind.status, name)
        self._linger()

    def _name(self) -> bytes:
        """Of the request that is refused."""
        under_way = self._asked and not self.cycle.response_complete
        scope: Any = self.cycle.scope if under_way else {}
        passage = passage_of(scope)
        return passage.id if passage else new_id()

    def _linger(self) -> None:
        """Send nothing more, and pass over what comes until the client has heard of it.

        Closed with bytes that nobody read, a connection is reset, and takes the answer with it.
        """
        if self.transport.is_closing() or not self._crowd.has_time():
            self._leave()
            return
        self._end()
        self._since = self.loop.time()
        self._crowd.idle(self)
        self.flow.release()
        self.transport.write_eof()

    def _leave(self) -> None:
        self._end()
        self.transport.close()

    def dismiss(self) -> None:
        self._end()
        self.transport.abort()

    def _end(self) -> None:
        self._stage = Stage.OVER
        self._waiting = b""
        self._count_ahead()

    def _count_ahead(self) -> bool:
        """Whether so much may be held."""
        more, self._held = len(self._waiting) - self._held, len(self._waiting)
        return self._crowd.ahead(more)
