"""Requests to an application without a server."""

from typing import Any
from urllib.parse import unquote

Headers = list[tuple[bytes, bytes]]


def http_scope(method: str, raw_path: bytes, headers: Headers, query: bytes = b"") -> Any:
    """What a server tells an application of a request."""
    return {
        "type": "http",
        "method": method,
        "path": unquote(raw_path.decode()),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
        "extensions": {},
    }


class Got:
    """The answer to a GET."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def __getitem__(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, name
        return found[0] if found else None

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.headers += [(k.decode(), v.decode()) for k, v in message.get("headers", ())]
        self.body += message.get("body", b"")


async def got_from(app: Any, path: str, method: str, host: bytes, **headers: str) -> Got:
    """What `app` answers to whoever asks `host` for `path`; names of headers have `_` for `-`."""
    got = Got()
    given = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = http_scope(method, path.encode(), [(b"host", host), *given])
    await app(scope, got.receive, got.send)
    return got
