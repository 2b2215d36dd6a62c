"""Imports against what is no Footfall: nothing of theirs is believed, held whole or waited for."""

import gzip
import socketserver
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import OVERLOADED
from importer.answers import Again, Past, judge
from importer.sending import Patience, Sender, SendingFailed
from importer.views import View
from tests.importer.conftest import Answer, Service
from tests.importer.test_sending import batch, send
from tests.odd_servers import QUICK, OddServer

HEAD = b"HTTP/1.1 202 Accepted\r\n"


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fails where more than 5 MB are held at any moment."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@contextmanager
def trickle(head: bytes, rest: bytes = b"x", pause: float = 0.1) -> Iterator[int]:
    """A server that says `head`, then `rest` again and again; its port."""
    over = Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65_536)
                self.request.sendall(head)
                while not over.wait(pause):
                    self.request.sendall(rest)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_packed_answers_are_not_asked_for_and_not_unpacked(service: Service) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    service.answers = [Answer(202, bomb, {"content-encoding": "gzip"})]
    with bounded_memory():
        with pytest.raises(SendingFailed, match=r"not what Footfall answers"):
            send(service.url, batch(View("a", 0)))
    assert service.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("oddity", [*QUICK, "half a greeting that stays", "silence"])
def test_what_is_no_footfall_leaves_the_views_in_doubt(oddity: str) -> None:
    with OddServer("http", oddity) as odd:
        sender = Sender(f"http://127.0.0.1:{odd.port}", Patience(answer=0.5))
        sender.put(batch(View("a", 0, 7)))
        with pytest.raises(SendingFailed):
            sender.finish()
        sender.close()
    refused = oddity == "HTTP"
    assert (sender.accepted, sender.unknown) == (0, 0 if refused else 7)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 202 Accepted\r\nx: ", b"HTTP/1.1 202 Accepted\r\ncontent-length: 99\r\n\r\n"],
)
def test_an_answer_that_comes_a_byte_at_a_time_is_given_up(answer: bytes) -> None:
    with trickle(answer) as port:
        sender = Sender(f"http://127.0.0.1:{port}", Patience(answer=1.0))
        begun = time.monotonic()
        sender.put(batch(View("a", 0, 7)))
        with pytest.raises(SendingFailed, match=r"no answer .not whole within 1 s.; .* unknown"):
            sender.finish()
        sender.close()
    assert time.monotonic() - begun < 10
    assert sender.unknown == 7


def test_of_an_answer_without_end_only_the_beginning_is_read() -> None:
    head = HEAD + b"content-length: 1500000000\r\n\r\n"
    with trickle(head, rest=b" " * 65_536, pause=0) as port:
        sender = Sender(f"http://127.0.0.1:{port}", Patience(answer=30.0))
        sender.put(batch(View("a", 0, 7)))
        with bounded_memory():
            with pytest.raises(SendingFailed, match=r"not what Footfall answers; .* unknown"):
                sender.finish()
        sender.close()


def test_a_certificate_nobody_trusts_is_told_as_such() -> None:
    with OddServer("http", "TLS alert") as odd:
        with pytest.raises(
            SendingFailed, match=r"cannot connect .* certificate that this machine trusts"
        ):
            send(f"https://127.0.0.1:{odd.port}", batch(View("a", 0)))


@given(
    st.text(max_size=30) | st.sampled_from(["-1", "1e9", "Mon, 99 Foo 2025 99:99:99 GMT", "0x1"])
)
def test_no_retry_after_breaks_anything(value: str) -> None:
    headers = {"content-type": "application/problem+json", "retry-after": value}
    content = msgspec.json.encode({"type": OVERLOADED.reference, "outcome": "none"})
    encoded = httpx.Headers(headers, encoding="utf-8")
    found = judge("http://x", httpx.Response(503, headers=encoded, content=content), 7)
    assert isinstance(found, Again)
    assert found.after >= 0


@given(st.integers(200, 599), st.binary(max_size=200) | st.sampled_from([b"[" * 60_000, b"{}"]))
def test_no_answer_breaks_anything_or_is_shown_as_more_than_was_sent(
    status: int, content: bytes
) -> None:
    headers = {"content-type": "application/problem+json"}
    found = judge("http://x", httpx.Response(status, headers=headers, content=content), 7)
    assert isinstance(found, Again | Past) or 0 <= found.accepted + found.unknown <= 7
    assert found.fault.isprintable()
