"""Who is connected to the broker, as its management API tells."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from domain.processes import Process
from log.rabbitmq.connections import read_connections

BROKER = "amqp://user:secret@127.0.0.1:5672/a%2Fhost"


def connection(port: int, **told: str) -> dict[str, Any]:
    return {"peer_host": "10.0.0.7", "peer_port": port, "client_properties": told}


CONNECTIONS = [
    connection(2, connection_name="footfall projector", product="footfall", version="0.3.0"),
    connection(1, connection_name="footfall ingest", product="footfall", version="0.3.0"),
    # As 0.2.0 has it: the version is the client library's.
    connection(3, connection_name="footfall ingest", product="aiormq", version="7.2.0"),
    connection(4, connection_name="somebody else", product="footfall", version="1"),
    {"peer_host": "10.0.0.8", "peer_port": 5},
    connection(6, connection_name="footfall ingest", product="footfall", version="0.3.0")
    | {"peer_host": "2001:db8::7"},
]


@contextmanager
def management(answer: bytes) -> Iterator[tuple[str, list[str]]]:
    """An API that answers everything alike; its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_each_connection_of_ours_tells_its_version_or_none() -> None:
    with management(json.dumps(CONNECTIONS).encode()) as (url, asked):
        assert await read_connections(BROKER, url) == [
            Process("ingest", "0.3.0", "10.0.0.7:1"),
            Process("ingest", None, "10.0.0.7:3"),
            Process("ingest", "0.3.0", "[2001:db8::7]:6"),
            Process("projector", "0.3.0", "10.0.0.7:2"),
        ]
    assert asked == ["/api/vhosts/a%2Fhost/connections"]


@pytest.mark.parametrize("answer", [b"no JSON", b"{}"])
async def test_an_api_that_says_nothing_useful_is_no_error(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with management(answer) as (url, _):
        assert await read_connections(BROKER, url) == []
    assert "RABBITMQ_MANAGEMENT_URL does not tell" in caplog.text
    assert "secret" not in caplog.text
