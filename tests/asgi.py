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
