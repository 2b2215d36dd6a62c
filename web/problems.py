"""Answers, and refusals as RFC 9457 problem+json."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.types import Send

from domain import problems
from domain.errors import (
    FootfallError,
    LogUnavailable,
    NotYet,
    Overloaded,
    Problem,
    RequestRefused,
    StoreRefused,
    StoreUnavailable,
    Unstorable,
)
from domain.hours import as_iso, hour_of
from domain.problems import Kind, title_of

JSON = b"application/json"
PROBLEM = b"application/problem+json"
RETRY_AFTER_SECONDS = 1
# The schema says so.
MAX_ERRORS = 100

_encode = msgspec.json.Encoder().encode
Headers = Sequence[tuple[bytes, bytes]]

# What a refusal of that kind says beside its document.
_HEADERS: Mapping[Kind, Headers] = {
    # The rest of the body may still come: it is no request.
    problems.TOO_SLOW: [(b"connection", b"close")],
    problems.UNKNOWN_SITE: [(b"www-authenticate", b'Bearer realm="footfall"')],
    problems.UNSUPPORTED_ENCODING: [(b"accept-encoding", b"gzip, identity")],
}


class Answer(msgspec.Struct, frozen=True):
    """One whole response."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: Headers = ()


def answer(content: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """`content` as JSON."""
    return Answer(status, _encode(content), JSON, headers)


def document(
    kind: Kind, detail: str, errors: Sequence[Problem] = (), method: str = "POST"
) -> dict[str, Any]:
    """A refusal as it is sent; what asks instead of appending (no POST) has no outcome."""
    content: dict[str, Any] = {
        "type": kind.reference,
        "title": title_of(kind.status),
        "status": kind.status,
        "detail": detail,
        "errors": [{"pointer": e.pointer, "detail": e.detail} for e in errors[:MAX_ERRORS]],
    }
    if method == "POST":
        content["outcome"] = kind.outcome
    if errors and errors[0].oldest_ms is not None:
        content["oldest"] = as_iso(hour_of(errors[0].oldest_ms))
    return content


def problem(
    kind: Kind,
    detail: str,
    errors: Sequence[Problem] = (),
    headers: Headers = (),
    method: str = "POST",
) -> Answer:
    """A refusal: what went wrong, and in `detail` what to do about it."""
    content = document(kind, detail, errors, method)
    return Answer(kind.status, _encode(content), PROBLEM, headers)


def from_error(error: FootfallError, method: str = "POST") -> Answer:
    """An error as it is told over HTTP, to a request of that method."""
    kind, told = kind_of(error), error.told
    retry = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
    match error:
        case RequestRefused():
            headers = _HEADERS.get(error.kind, ())
            summary = _summary(error.problems, method)
            return problem(kind, summary, error.problems, headers, method)
        case Overloaded() | LogUnavailable(took_nothing=True):
            detail = f"{told}; nothing was appended, send it again later"
            return problem(kind, detail, (), retry, method)
        case NotYet():
            return problem(kind, f"{told}; ask again later", (), retry, method)
        case LogUnavailable():
            detail = f"{told}; the views may or may not be counted later, nothing is confirmed"
            return problem(kind, detail, (), retry, method)
        case StoreRefused() | Unstorable():
            return problem(kind, told, method=method)
        case StoreUnavailable():
            return problem(kind, f"{told}; ask again later", (), retry, method)
        case _:
            detail = "something went wrong here; the log of the server says what"
            return problem(kind, detail, method=method)


def kind_of(error: Exception) -> Kind:
    """The one table from our errors to kinds of refusals."""
    match error:
        case RequestRefused():
            # As `detail` does, `type` speaks of the first fault.
            past = error.problems and error.problems[0].oldest_ms is not None
            return problems.PAST_HORIZON if past else error.kind
        case Overloaded():
            return problems.OVERLOADED
        case NotYet():
            return problems.NOT_YET
        case LogUnavailable(took_nothing=False):
            return problems.UNCONFIRMED
        case StoreRefused() | Unstorable():
            # Asking again later would be answered the same.
            return problems.FAILED
        case LogUnavailable() | StoreUnavailable():
            return problems.UNAVAILABLE
        case _:
            return problems.FAILED


def explained(kind: Kind) -> dict[str, Any]:
    """What GET /problems/{name} says: what the kind means and what to do."""
    return {
        "type": kind.reference,
        "status": kind.status,
        "outcome": kind.outcome,
        "means": kind.means,
        "advice": kind.advice,
    }


def _summary(faults: Sequence[Problem], method: str) -> str:
    if len(faults) == 1:
        return faults[0].detail
    # Whoever asks appends nothing.
    nothing = ", nothing was appended" if method == "POST" else ""
    return f"{len(faults)} faults{nothing}; the first: {faults[0].detail}"


async def send_answer(send: Send, found: Answer) -> None:
    """Write `found` to the client."""
    headers = [
        (b"content-type", found.media_type),
        (b"content-length", str(len(found.body)).encode()),
        *found.headers,
    ]
    if found.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        # There is no body, or they would be those of the one that the client has.
        headers = [*found.headers]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body, "more_body": False})
