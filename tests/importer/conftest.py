"""A small HTTP server in place of the service."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from cli.verbs.import_ import import_command
from domain.problems import Kind
from tests.servers import free_port

Body = dict[str, dict[str, int]]
Sent = dict[str, dict[str, int | dict[str, int]]]


def without_agents(sent: Sent) -> Body:
    """Page to timestamp to count."""
    return {
        page: {
            moment: count if isinstance(count, int) else sum(count.values())
            for moment, count in counts.items()
        }
        for page, counts in sent.items()
    }


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """`footfall import` with these arguments."""
    return CliRunner().invoke(import_command, [str(one) for one in arguments], input=stdin)


class Answer(NamedTuple):
    """What the server says; status 0 hangs up instead, `None` accepts.

    Bytes are sent as they are.
    """

    status: int
    content: Any
    headers: Mapping[str, str] = MappingProxyType({})


def refusal(kind: Kind, detail: str, **others: str) -> Answer:
    """As Footfall refuses; `others` are members, `retry_after` is a header."""
    headers = {"content-type": "application/problem+json"}
    if "retry_after" in others:
        headers["retry-after"] = others.pop("retry_after")
    content = {"type": kind.reference, "detail": detail, "outcome": kind.outcome, **others}
    return Answer(kind.status, content, headers)


class Service:
    """Answers with `answers` in turn, then accepts; `bodies` are what was accepted, and `sent` the
    same with the user agents.

    Bodies over `most_bytes` are refused; to others `says` may answer something else.
    """

    def __init__(self) -> None:
        self.answers: list[Answer | None] = []
        self.bodies: list[Body] = []
        self.sent: list[Sent] = []
        self.requests = 0
        self.most_bytes = sys.maxsize
        self.says: Callable[[Body], Answer | None] = lambda _: None
        self.headers: Mapping[str, str] = {}
        self.accepted_one = Event()
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, raw: bytes) -> Answer:
        sent: Sent = json.loads(raw)
        body = without_agents(sent)
        said = self.says(body)
        with self._lock:
            self.requests += 1
            if said is not None:
                return said
            planned = self.answers.pop(0) if self.answers else None
            if planned is not None:
                return planned
            if len(raw) > self.most_bytes:
                return Answer(
                    413, b"<html>as a proxy says it</html>", {"content-type": "text/html"}
                )
            if path != "/page-views/multi":
                return Answer(404, {"detail": f"nothing at {path}"})
            self.bodies.append(body)
            self.sent.append(sent)
        self.accepted_one.set()
        return Answer(202, {"accepted": sum(sum(hours.values()) for hours in body.values())})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                service.headers = {name.lower(): value for name, value in self.headers.items()}
                raw = self.rfile.read(int(self.headers["content-length"]))
                status, content, headers = service.answer(self.path, raw)
                if not status:
                    self.close_connection = True
                    return
                encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(encoded))}.items():
                    self.send_header(name, value)
                self.end_headers()
                # The client may read only the beginning.
                with suppress(ConnectionError):
                    self.wfile.write(encoded)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


@pytest.fixture
def service() -> Iterator[Service]:
    """A running service."""
    running = Service()
    yield running
    running.stop()


@pytest.fixture
def nowhere() -> str:
    """An address where nothing listens."""
    return f"http://127.0.0.1:{free_port()}"
