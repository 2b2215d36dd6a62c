"""One connection: uvicorn's protocol on httptools, fed a request at a time.

uvicorn gives its parser all that was read: one read makes as many requests as it holds, and an
Upgrade that is not taken loses the body. Here the parser sees the head of a request once that is
whole, then its body; what is behind waits as bytes until the answer is out.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from domain.problems import (
    HEADERS_TOO_LARGE,
    INVALID,
    METHOD_NOT_ALLOWED,
    OVERLOADED,
    Kind,
)
from web.passage import passage_of
from web.server.brief import Brief
from web.server.chunks import Chunks, NoChunks
from web.server.crowd import Crowd
from web.server.framing import TO_ITS_END, Unframed, body_length
from web.server.heads import (
    END,
    host_of,
    is_beginning,
    line_of,
    percent_encoded,
    without_upgrade,
)
from web.server.stay import Stage, Stay
from web.server.usual import Heads, Known

_NO_HTTP = (httptools.HttpParserError, httptools.HttpParserUpgrade)


class _Refused(Exception):
    """Raised within the parser's callbacks, which cannot answer."""


class Connection(Stay):
    """Answers one request after the other; bounds what its client may take."""

    def __init__(
        self,
        crowd: Crowd,
        heads: Heads,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(crowd, config, server_state, app_state, _loop)
        self._heads = heads
        self._last = False
        """Whether no other request is read once the one under way is answered."""
        self._ended = False
        """Whether the client will send nothing more."""
        self._left = 0
        self._chunks = Chunks()
        self._pieces: list[bytes] = []
        self._refusal: tuple[Kind, str] = (INVALID, "")

    def data_received(self, data: bytes) -> None:
        if self._stage is Stage.OVER:
            return
        if not self._waiting and self._stage is Stage.HEAD:
            if data.startswith(self._heads.lines) and (found := self._heads.known(data)):
                self._answer_usual(*found)
                return
            if data.isspace() and not data.strip(b"\r\n"):
                # No request has begun with an empty line: its time runs on.
                return
            self._since = self.loop.time()
        self._waiting = self._waiting + data if self._waiting else data
        self._advance()

    def eof_received(self) -> bool:  # type: ignore[override]
        self._ended = True
        if self._stage is Stage.ANSWER and not self._has_no_end():
            return True
        self._give_up()
        self._end()
        return False

    def _has_no_end(self) -> bool:
        """Whether the answer that is under way goes on as long as its client listens."""
        scope: Any = self.cycle.scope
        passage = passage_of(scope)
        return passage is not None and passage.no_end

    # Reading.

    def _advance(self) -> None:
        """Give the parser what it may have of what was read."""
        try:
            while self._waiting and self._feed_next():
                pass
        except _NO_HTTP:
            kind, detail = self._refusal
            self._refuse(kind, detail or "this is no HTTP/1.1 request", "no HTTP")
        if len(self._waiting) != self._held and not self._count_ahead():
            self._shed()
        if self._stage is Stage.ANSWER and len(self._waiting) >= self._limits.ahead_bytes:
            self.flow.hold()
        if self._stage is Stage.HEAD:
            self._crowd.idle(self)
        if self._ended and self._stage is not Stage.ANSWER:
            # A request is not whole and never will be.
            self._give_up()
            self._leave()

    def _feed_next(self) -> bool:
        """Whether there may be more to do."""
        match self._stage:
            case Stage.HEAD:
                return self._feed_head()
            case Stage.LENGTH:
                piece, self._waiting = self._waiting[: self._left], self._waiting[self._left :]
                self._left -= len(piece)
                self.parser.feed_data(piece)
                self._give_body()
                return True
            case Stage.CHUNKS:
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
            self._check_line(line_of(head))
            self.parser.feed_data(percent_encoded(without_upgrade(head)))
        except _NO_HTTP:
            # A refusal goes by its method.
            self._waiting = head
            raise
        return True

    def _check_line(self, line: bytes) -> None:
        if not line:
            raise httptools.HttpParserError
        if b"#" in line:
            # The parser would pass it over, and perhaps a front does not.
            self._refusal = INVALID, "the target has a #: write %23 where it is part of a name"
            raise httptools.HttpParserError

    def _feed_chunks(self) -> None:
        """Up to the end of the last chunk: only there may the next request begin."""
        try:
            end = self._chunks.end_in(self._waiting)
        except NoChunks as error:
            self._refusal = INVALID, str(error)
            raise httptools.HttpParserError from error
        size = len(self._waiting) if end is None else end
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self.parser.feed_data(piece)
        self._give_body()

    def on_headers_complete(self) -> None:
        if self._stage is not Stage.HEAD:
            # The parser sees an end where there is none.
            raise _Refused
        if self.parser.get_method() == b"CONNECT":
            self._refusal = METHOD_NOT_ALLOWED, "this is no proxy"
            raise _Refused
        self._left = self._length_of_body()
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            # It would take 100 for the answer (RFC 9110, 10.1.1).
            self.expect_100_continue = False
        if not self.url.startswith(b"/"):
            self._name_host()
        super().on_headers_complete()
        self._asked = True
        self._since = self.loop.time()
        self._crowd.busy(self)
        self._stage = Stage.CHUNKS if self._left == TO_ITS_END else Stage.LENGTH
        if self._left == TO_ITS_END:
            self._chunks = Chunks()
            # What comes behind the last chunk is none of the request's headers.
            self.headers = []

    def _length_of_body(self) -> int:
        try:
            return body_length(self.headers, self.parser.get_http_version())
        except Unframed as error:
            self._refusal = INVALID, str(error)
            raise _Refused from error

    def _name_host(self) -> None:
        """A host in the target stands in the place of that in the headers."""
        host = host_of(self.url)
        if host is not None:
            self.headers[:] = [header for header in self.headers if header[0] != b"host"]
            self.headers.append((b"host", host))

    def on_body(self, body: bytes) -> None:
        # Kept until all that was read is parsed: adding each of thousands of small chunks to what
        # waits for the application copies that each time.
        self._pieces.append(body)

    def _give_body(self) -> None:
        if self._pieces:
            body = b"".join(self._pieces)
            self._pieces.clear()
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._give_body()
        super().on_message_complete()
        self._stage = Stage.ANSWER
        if self._answered:
            self._begin_next()

    # Answering.

    def _answer_usual(self, known: Known, body: bytes) -> None:
        """One that is whole: nothing of it is waited for, or given to the parser."""
        self._asked, self._answered = True, False
        self._since = self.loop.time()
        self._crowd.busy(self)
        self._stage = Stage.ANSWER
        brief = Brief(self, known.usual)
        self.cycle = brief  # type: ignore[assignment]
        brief.begin(body)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._answered = True
        if self.transport.is_closing() or self._stage is Stage.OVER:
            return
        self._since = self.loop.time()
        if self._stage is Stage.ANSWER:
            self._begin_next()
        if self._last:
            self._linger()
        else:
            if self.flow.read_paused:
                self.flow.release()
            self._advance()

    def _begin_next(self) -> None:
        self._stage = Stage.HEAD

    def _shed(self) -> None:
        """More is held here than may be."""
        if self._stage is Stage.ANSWER:
            self._crowd.refused("requests sent ahead beyond what is held")
            self._last = True
            self._waiting = b""
            self._count_ahead()
            self.flow.hold()
        elif len(self._waiting) > self._limits.small_head_bytes:
            detail = "too much is sent at once: send it again later"
            self._refuse(OVERLOADED, detail, "headers in part beyond what is held")
