"""One connection: uvicorn's protocol on httptools, fed a request at a time.

uvicorn gives its parser all that was read: one read makes as many requests as it holds, and an
Upgrade that is not taken loses the body. Here the parser sees the head of a request once that is
whole, then its body; what is behind waits as bytes until the answer is out.
"""

import asyncio
from enum import Enum
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from domain.problems import (
    HEADERS_TOO_LARGE,
    INVALID,
    METHOD_NOT_ALLOWED,
    OVERLOADED,
    TOO_SLOW,
    Kind,
)
from web.server.chunks import Chunks, NoChunks
from web.server.crowd import Crowd
from web.server.heads import (
    END,
    has_fragment,
    has_line,
    host_of,
    is_beginning,
    is_length,
    method_of,
    percent_encoded,
    without_upgrade,
)
from web.server.reading import Reading
from web.server.refusals import refusal

# What a body in chunks may have around it, beside a share of its own length.
_FRAMING_BYTES = 65_536
_FRAMING_SHARE = 16

_NO_HTTP = (httptools.HttpParserError, httptools.HttpParserUpgrade)


class _Stage(Enum):
    """What the connection waits for."""

    HEAD = "the head of a request"
    LENGTH = "the rest of a body of known length"
    CHUNKS = "the rest of a body in chunks"
    ANSWER = "the answer to a request that is whole"
    OVER = "its end"


class _Refused(Exception):
    """Raised within the parser's callbacks, which cannot answer."""


class Connection(HttpToolsProtocol):
    """Answers one request after the other; bounds what its client may take."""

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
        self._stage = _Stage.HEAD
        self._since = self.loop.time()
        """When it began to wait for that."""
        self._waiting = b""
        """Read, and not given to the parser."""
        self._held = 0
        self._asked = False
        """Whether a request has begun, ever."""
        self._answered = False
        """Whether the one that began last is answered."""
        self._last = False
        """Whether no other is read once that is so."""
        self._ended = False
        """Whether the client will send nothing more."""
        self._left = 0
        self._chunks = Chunks()
        self._framing = 0
        self._refusal: tuple[Kind, str] = (INVALID, "")
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

    def data_received(self, data: bytes) -> None:
        if self._stage is _Stage.OVER:
            return
        if not self._waiting and self._stage is _Stage.HEAD:
            if data.isspace() and not data.strip(b"\r\n"):
                # No request has begun with an empty line: its time runs on.
                return
            self._since = self.loop.time()
        self._waiting = self._waiting + data if self._waiting else data
        self._advance()

    def eof_received(self) -> bool:  # type: ignore[override]
        self._ended = True
        if self._stage is _Stage.ANSWER:
            return True
        self._give_up()
        self._end()
        return False

    def shutdown(self) -> None:
        if self._stage is _Stage.OVER:
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
            case _Stage.HEAD if self._waiting and waited > self._limits.head_seconds:
                self._refuse(TOO_SLOW, "the headers did not arrive in time", "slow headers")
            case _Stage.HEAD if not self._waiting and waited > self._idle_seconds():
                self._leave()
            case _Stage.LENGTH | _Stage.CHUNKS if waited > self._body_seconds():
                self._refuse(TOO_SLOW, "the body did not arrive in time", "slow bodies")
            case _Stage.OVER if waited > self._limits.unread_seconds:
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

    # Reading.

    def _advance(self) -> None:
        """Give the parser what it may have of what was read."""
        try:
            while self._waiting and self._feed_next():
                pass
        except _NO_HTTP:
            kind, detail = self._refusal
            self._refuse(kind, detail or "this is no HTTP/1.1 request", "no HTTP")
        if not self._count_ahead():
            self._shed()
        if self._stage is _Stage.ANSWER and len(self._waiting) >= self._limits.ahead_bytes:
            self.flow.hold()
        elif not self._last:
            self.flow.release()
        if self._stage is _Stage.HEAD:
            self._crowd.idle(self)
        if self._ended and self._stage is not _Stage.ANSWER:
            # A request is not whole and never will be.
            self._give_up()
            self._leave()

    def _feed_next(self) -> bool:
        """Whether there may be more to do."""
        match self._stage:
            case _Stage.HEAD:
                return self._feed_head()
            case _Stage.LENGTH:
                piece, self._waiting = self._waiting[: self._left], self._waiting[self._left :]
                self._left -= len(piece)
                self.parser.feed_data(piece)
                return True
            case _Stage.CHUNKS:
                self._feed_chunks()
                return True
        return False

    def _feed_head(self) -> bool:
        waiting = self._waiting
        if waiting[0] in b"\r\n":
            # Some clients send an empty line behind a body (RFC 9112, 2.2).
            waiting = self._waiting = waiting.lstrip(b"\r\n")
        end = waiting.find(END)
        if max(end, len(waiting) if end < 0 else 0) > self._limits.head_bytes:
            most = f"{self._limits.head_bytes:,} bytes"
            self._refuse(HEADERS_TOO_LARGE, f"the headers are over {most}", "large headers")
            return False
        if end < 0:
            if waiting and not is_beginning(waiting):
                self._refuse(INVALID, "this is no HTTP/1.1 request", "no HTTP")
            return False
        end += len(END)
        head, self._waiting = waiting[:end], waiting[end:]
        self._answered = False
        try:
            self._feed_whole(head)
        except _NO_HTTP:
            # A refusal goes by its method.
            self._waiting = head
            raise
        return True

    def _feed_whole(self, head: bytes) -> None:
        if not has_line(head):
            raise httptools.HttpParserError
        if has_fragment(head):
            self._refusal = INVALID, "the target has a #: write %23 where it is part of a name"
            raise httptools.HttpParserError
        self.parser.feed_data(percent_encoded(without_upgrade(head)))

    def _feed_chunks(self) -> None:
        """Up to the end of the last chunk: only there may the next request begin."""
        try:
            end = self._chunks.end_in(self._waiting)
        except NoChunks as error:
            self._refusal = INVALID, "the body is not in chunks, as Transfer-Encoding says it is"
            raise httptools.HttpParserError from error
        size = len(self._waiting) if end is None else end
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self._framing += size
        self.parser.feed_data(piece)
        if self._framing > _FRAMING_BYTES:
            self._refusal = INVALID, "the body has more around its chunks than in them"
            raise httptools.HttpParserError

    def on_message_begin(self) -> None:
        if self._stage is not _Stage.HEAD:
            # The parser sees an end where there is none.
            raise _Refused
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._refusal = METHOD_NOT_ALLOWED, "this is no proxy"
            raise _Refused
        self._left = self._length_of_body()
        if self.parser.get_http_version() == "1.0":
            # It would take 100 for the answer (RFC 9110, 10.1.1).
            self.expect_100_continue = False
        self._name_host()
        super().on_headers_complete()
        self._asked = True
        self._since = self.loop.time()
        self._crowd.busy(self)
        self._stage = _Stage.LENGTH if self._left >= 0 else _Stage.CHUNKS
        if self._left < 0:
            self._chunks, self._framing = Chunks(), 0
            # What comes behind the last chunk is none of the request's headers.
            self.headers = []

    def _length_of_body(self) -> int:
        """Bytes, or -1 where only its end will tell."""
        length = 0
        for name, value in self.headers:
            if name == b"content-length":
                if not is_length(value.strip(b" \t")):
                    self._refusal = INVALID, "Content-Length is no length of a body"
                    raise _Refused
                length = int(value)
            elif name == b"transfer-encoding":
                old = self.parser.get_http_version() == "1.0"
                if value.lower() != b"chunked" or length or old:
                    self._refusal = INVALID, "of Transfer-Encoding only chunked is read"
                    raise _Refused
                length = -1
        return length

    def _name_host(self) -> None:
        """A host in the target stands in the place of that in the headers."""
        host = host_of(self.url)
        if host is not None:
            self.headers[:] = [header for header in self.headers if header[0] != b"host"]
            self.headers.append((b"host", host))

    def on_body(self, body: bytes) -> None:
        self._framing -= len(body) * (1 + _FRAMING_SHARE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stage = _Stage.ANSWER
        if self._answered:
            self._begin_next()

    # Answering.

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._answered = True
        if self.transport.is_closing() or self._stage is _Stage.OVER:
            return
        self._since = self.loop.time()
        if self._stage is _Stage.ANSWER:
            self._begin_next()
        if self._last:
            self._linger()
        else:
            self._advance()

    def _begin_next(self) -> None:
        self._stage = _Stage.HEAD

    def _refuse(self, kind: Kind, detail: str, reason: str) -> None:
        """Answer in the application's place, and close."""
        self._crowd.refused(reason)
        if self._stage is _Stage.HEAD:
            self._tell(kind, f"{detail}; the connection is closed", method_of(self._waiting))
        elif self._answered:
            # There is no other answer to it.
            self._linger()
        elif self.cycle.response_started:
            self._leave()
        else:
            self._give_up()
            self._tell(kind, f"{detail}; the connection is closed", self.scope["method"])

    def _give_up(self) -> None:
        """Tell the application that the rest of a body will never come."""
        if self._asked and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _shed(self) -> None:
        """More is held here than may be."""
        if self._stage is _Stage.ANSWER:
            self._crowd.refused("requests sent ahead beyond what is held")
            self._last = True
            self._waiting = b""
            self._count_ahead()
            self.flow.hold()
        elif len(self._waiting) > self._limits.small_head_bytes:
            detail = "too much is sent at once: send it again later"
            self._refuse(OVERLOADED, detail, "headers in part beyond what is held")

    # Ending.

    def _tell(self, kind: Kind, detail: str, method: str) -> None:
        self.transport.write(refusal(kind, detail, method, self.server_state.default_headers))
        self._linger()

    def _linger(self) -> None:
        """Send nothing more, and pass over what comes until the client has heard of it.

        Closed with bytes that nobody read, a connection is reset, and takes the answer with it.
        """
        if not self._crowd.has_time():
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
        self._stage = _Stage.OVER
        self._waiting = b""
        self._count_ahead()

    def _count_ahead(self) -> bool:
        """Whether so much may be held."""
        more, self._held = len(self._waiting) - self._held, len(self._waiting)
        return more == 0 or self._crowd.ahead(more)
