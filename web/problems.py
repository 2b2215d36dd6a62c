"""Answers, and refusals as RFC 9457 problem+json."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

from domain.errors import (
    FootfallError,
    LogUnavailable,
    Overloaded,
    Problem,
    RequestRefused,
    StoreUnavailable,
)

JSON = b"application/json"
PROBLEM = b"application/problem+json"
RETRY_AFTER_SECONDS = 1

_encode = msgspec.json.Encoder().encode
Headers = Sequence[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """One whole response."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: Headers = ()


def answer(content: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """`content` as JSON."""
    return Answer(status, _encode(content), JSON, headers)


def problem(
    status: int, detail: str, errors: Sequence[Problem] = (), headers: Headers = ()
) -> Answer:
    """A refusal: what went wrong, and in `detail` what to do about it."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [{"pointer": e.pointer, "detail": e.detail} for e in errors],
    }
    return Answer(status, _encode(content), PROBLEM, headers)


def from_error(error: FootfallError) -> Answer:
    """The one table from our errors to HTTP."""
    retry = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
    match error:
        case RequestRefused():
            return problem(error.status, _summary(error.problems), error.problems)
        case Overloaded():
            return problem(503, f"{error}; nothing was appended, send it again later", (), retry)
        case LogUnavailable():
            detail = f"{error}; the views may or may not be counted later, nothing is confirmed"
            return problem(503, detail, (), retry)
        case StoreUnavailable():
            return problem(503, f"{error}; ask again later", (), retry)
        case _:
            return problem(500, "something went wrong here; the log of the server says what")


def _summary(problems: Sequence[Problem]) -> str:
    if len(problems) == 1:
        return problems[0].detail
    return f"{len(problems)} faults, nothing was appended; the first: {problems[0].detail}"


async def send_answer(send: Send, found: Answer) -> None:
    """Write `found` to the client."""
    headers = [
        (b"content-type", found.media_type),
        (b"content-length", str(len(found.body)).encode()),
        *found.headers,
    ]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body, "more_body": False})


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body. Raises `RequestRefused` (413) over `limit` bytes."""
    length = next((v for k, v in scope["headers"] if k == b"content-length"), b"")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    message: Any = await receive()
    if not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > limit:
            raise _too_large(limit)
        return whole
    body = bytearray(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> RequestRefused:
    detail = f"the body is over {limit:,} bytes: send it in several requests"
    return RequestRefused([Problem("", detail)], status=413)
