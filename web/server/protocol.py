"""One connection: uvicorn's protocol on httptools, fed a request at a time.

uvicorn gives its parser all that was read: one read makes as many requests as it holds, and an
Upgrade that is not taken loses the body. Here the parser sees the head of a request once that is
whole, then its body; what is behind waits as bytes until the answer is out.
"""

import asyncio
from enum import Enum
from typing import Any

import httptools
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from domain.problems import (
    HEADERS_TOO_LARGE,
    INVALID,
    METHOD_NOT_ALLOWED,
    OVERLOADED,
    TOO_SLOW,
    Kind,
)
from web.problems import PROBLEM, RETRY_AFTER_SECONDS, document
from web.server.crowd import Crowd
from web.server.heads import END, is_beginning, is_length, percent_encoded, without_upgrade

# What a body in chunks may have around it, beside a share of its own length.
_FRAMING_BYTES = 65_536
_FRAMING_SHARE = 16


class _Stage(Enum):
    """What the connection waits for."""

    HEAD = "the head of a request"
    LENGTH = "the rest of a body of known length"
    CHUNKS = "the rest of a body in chunks"
    ANSWER = "the answer to a request that is whole"
    OVER = "nothing any more"


class _Refused(Exception):
    """Raised within the parser's callbacks, which cannot answer."""


class Connection(HttpToolsProtocol):
    """Answers one request after the other; bounds what its client may take."""

    def __init__(
        self,
        crowd: Crowd,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.since = self.loop.time()
        self._crowd = crowd
        self._limits = crowd.limits
        self._stage = _Stage.HEAD
        self._waiting = b""
        """Read, and not given to the parser."""
        self._held = 0
        self._asked = False
        """Whether a request has begun, ever."""
        self._answered = False
        """Whether the one that began last is answered."""
        self._ended = False
        """Whether the client will send nothing more."""
        self._left = 0
        self._tail = b""
        self._framing = 0
        self._refusal: tuple[Kind, str] = (INVALID, "")
        self._unsent = 0
        self._unsent_since = self.since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._crowd.enter(self):
            self._write_problem(OVERLOADED, "too many connections are open: come back later")
        elif self._crowd.full:
            self.pause()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.exit(self)
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._stage is _Stage.OVER:
            return
        if not self._waiting and self._stage is _Stage.HEAD:
            self.since = self.loop.time()
        self._waiting = self._waiting + data if self._waiting else data
        self._advance()

    def eof_received(self) -> bool:  # type: ignore[override]
        self._ended = True
        if self._stage is _Stage.ANSWER:
            return True
        self._give_up()
        self._end()
        return False

    def is_idle(self) -> bool:
        return self._stage is _Stage.HEAD and not self._waiting

    def leave(self) -> None:
        self._end()
        self.transport.close()

    def pause(self) -> None:
        if self._stage in (_Stage.HEAD, _Stage.ANSWER):
            self.flow.pause_reading()

    def resume(self) -> None:
        if not self.transport.is_closing() and len(self._waiting) < self._limits.ahead_bytes:
            self.flow.resume_reading()

    def watch(self, now: float) -> None:
        if self._is_stalled(now):
            self._crowd.refused("answers that nobody took in")
            self._end()
            self.transport.abort()
            return
        waited = now - self.since
        match self._stage:
            case _Stage.HEAD if self._waiting and waited > self._limits.head_seconds:
                self._refuse(TOO_SLOW, "the headers did not arrive in time", "slow headers")
            case _Stage.HEAD if not self._waiting and waited > self._idle_seconds():
                self.leave()
            case _Stage.LENGTH | _Stage.CHUNKS if waited > self._body_seconds():
                self._refuse(TOO_SLOW, "the body did not arrive in time", "slow bodies")
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
        except httptools.HttpParserError:
            kind, detail = self._refusal
            self._refuse(kind, detail or "this is no HTTP/1.1 request", "no HTTP")
        if self._stage is _Stage.ANSWER and len(self._waiting) >= self._limits.ahead_bytes:
            self.flow.pause_reading()
        self._count_ahead()
        if self._ended and self._stage is _Stage.HEAD:
            # A request is not whole and never will be.
            self.leave()

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
        self._waiting = waiting[end:]
        self._answered = False
        self.parser.feed_data(percent_encoded(without_upgrade(waiting[:end])))
        return True

    def _feed_chunks(self) -> None:
        """Up to where the last chunk may end: only there may the next request begin."""
        seen = self._tail + self._waiting
        end = seen.find(END)
        size = len(self._waiting) if end < 0 else end + len(END) - len(self._tail)
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self._tail = (self._tail + piece)[-3:] if end < 0 else b""
        self._framing += len(piece)
        self.parser.feed_data(piece)
        if self._framing > _FRAMING_BYTES:
            self._refusal = INVALID, "the body has more around its chunks than in them"
            raise httptools.HttpParserError

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._refusal = METHOD_NOT_ALLOWED, "this is no proxy"
            raise _Refused
        self._left = self._length_of_body()
        super().on_headers_complete()
        self._asked = True
        self.since = self.loop.time()
        self._stage = _Stage.LENGTH if self._left >= 0 else _Stage.CHUNKS
        if self._left < 0:
            self._tail, self._framing = b"", 0
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
                if value.lower() != b"chunked" or length:
                    self._refusal = INVALID, "of Transfer-Encoding only chunked is read"
                    raise _Refused
                length = -1
        return length

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
        if self.transport.is_closing():
            return
        self.since = self.loop.time()
        if not self._crowd.full:
            self.flow.resume_reading()
        if self._stage is _Stage.ANSWER:
            self._begin_next()
            self._advance()

    def _begin_next(self) -> None:
        self._stage = _Stage.HEAD

    def _refuse(self, kind: Kind, detail: str, reason: str) -> None:
        """Answer in the application's place, and close."""
        self._crowd.refused(reason)
        if not self._asked or self._stage is _Stage.HEAD:
            self._write_problem(kind, f"{detail}; the connection is closed")
        elif self._answered or self.cycle.response_started:
            # It has an answer, and there is no other.
            self.leave()
        else:
            self._give_up()
            self._write_problem(kind, f"{detail}; the connection is closed")

    def _give_up(self) -> None:
        """Tell the application that the rest of a body will never come."""
        if self._asked and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _write_problem(self, kind: Kind, detail: str) -> None:
        body = msgspec.json.encode(document(kind, detail))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", PROBLEM),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        if kind.again:
            headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[kind.status] + lines + b"\r\n" + body)
        self.leave()

    def _end(self) -> None:
        self._stage = _Stage.OVER
        self._waiting = b""
        self._count_ahead()

    def _count_ahead(self) -> None:
        if self._held != len(self._waiting):
            self._crowd.ahead(len(self._waiting) - self._held)
            self._held = len(self._waiting)
