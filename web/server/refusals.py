"""Answers in the application's place, as bytes."""

from collections.abc import Sequence

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from domain.problems import Kind
from web.problems import PROBLEM, RETRY_AFTER_SECONDS, document


def refusal(
    kind: Kind, detail: str, method: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """The whole answer to a request of that method, "" where none was read; `headers` go before.

    A request that was not read may have been one to append: it hears of the outcome as a POST does.
    """
    body = msgspec.json.encode(document(kind, detail, method=method or "POST"))
    told = [
        *headers,
        (b"content-type", PROBLEM),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    if kind.again:
        told.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
    lines = b"".join(b"%s: %s\r\n" % header for header in told)
    head = STATUS_LINE[kind.status] + lines + b"\r\n"
    return head if method == "HEAD" else head + body
