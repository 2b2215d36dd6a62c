"""What refusals say to machines, and that the importer understands each of them."""

from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum
from typing import Any

import httpx
import msgspec
import pytest

from domain.errors import (
    FootfallError,
    LogUnavailable,
    NotJoined,
    NotYet,
    Overloaded,
    Problem,
    RequestRefused,
    StoreReadOnly,
    StoreUnavailable,
)
from domain.hours import parse_instant
from domain.problems import BY_REFERENCE, KINDS, TOO_LARGE, TOO_SLOW, Kind, title_of
from importer.answers import Again, Outcome, Past, judge
from web.app import create_app
from web.problems import from_error

OLDEST = "2025-07-06T10:00:00Z"
OLDEST_HOUR = 486_610
PAST_FAULT = Problem("/timestamp", f"it is too old, {OLDEST}", parse_instant(OLDEST))
FAULT = Problem("/page", "page is empty")

REFUSED, DOUBT, AGAIN = Outcome(), Outcome(unknown=7), Again("", after=1.0)
PAST = Past(OLDEST_HOUR)
Judgement = Outcome | Again | Past
FORESEEN: dict[type[FootfallError], Judgement] = {
    Overloaded: AGAIN,
    NotYet: AGAIN,
    StoreUnavailable: AGAIN,
    StoreReadOnly: AGAIN,
    LogUnavailable: DOUBT,
}
REFUSALS: list[tuple[FootfallError, Judgement]] = [
    (RequestRefused([FAULT]), REFUSED),
    (RequestRefused([FAULT, PAST_FAULT]), REFUSED),
    (RequestRefused([PAST_FAULT]), PAST),
    (RequestRefused([PAST_FAULT, FAULT]), PAST),
    (RequestRefused([FAULT], kind=TOO_LARGE), REFUSED),
    (RequestRefused([FAULT], kind=TOO_SLOW), REFUSED),
    (NotJoined("page"), REFUSED),
]
# Each of them meant something once.
SENTENCES = (
    "the views may or may not be counted later",
    "nothing was appended, send it again later",
    "the oldest accepted moment is 2001-01-01T00:00:00Z",
    "",
)


def below(kind: type[FootfallError]) -> Iterator[type[FootfallError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from below(subclass)


EVERY_ERROR: list[tuple[FootfallError, Judgement]] = [
    *((kind("oh"), FORESEEN.get(kind, DOUBT)) for kind in below(FootfallError)
      if not issubclass(kind, RequestRefused)),
    *REFUSALS,
]  # fmt: skip
EVERY = pytest.mark.parametrize(
    ("error", "meaning"), EVERY_ERROR, ids=lambda found: type(found).__name__
)


def response(status: int, content: bytes, media_type: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"content-type": media_type, **headers})


def sent(error: FootfallError, **other: Any) -> httpx.Response:
    """The answer to `error` as it reaches a client, with `other` members."""
    found = from_error(error)
    document = msgspec.json.decode(found.body) | other
    headers = {name.decode(): value.decode() for name, value in found.headers}
    body = msgspec.json.encode(document)
    return response(found.status, body, found.media_type.decode(), **headers)


def judged(answer: httpx.Response) -> Judgement:
    """Without the sentence, which is for people."""
    found = judge("http://x", answer, 7)
    assert found.fault.startswith(f"http://x answered {answer.status_code}")
    return replace(found, fault="")


@EVERY
def test_the_importer_knows_what_became_of_the_views(
    error: FootfallError, meaning: Judgement
) -> None:
    assert judged(sent(error)) == meaning


@EVERY
@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_sentence_changes_what_the_importer_makes_of_it(
    error: FootfallError, meaning: Judgement, sentence: str
) -> None:
    errors = [{"pointer": "/x", "detail": sentence}]
    assert judged(sent(error, title=sentence, detail=sentence, errors=errors)) == meaning


@EVERY
def test_every_refusal_has_a_kind_of_its_own_that_agrees_with_its_status(
    error: FootfallError, meaning: Judgement
) -> None:
    document = sent(error).json()
    kind = BY_REFERENCE[document["type"]]
    assert (document["status"], document["outcome"]) == (kind.status, kind.outcome)
    assert document["title"] == title_of(kind.status)
    assert document.get("oldest") == (OLDEST if meaning == PAST else None)


def test_titles_are_those_that_were_released_whatever_python_calls_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Renamed(IntEnum):
        OURS = 413
        OTHER = 410

        @property
        def phrase(self) -> str:
            return "as a later Python says"

    monkeypatch.setattr("domain.problems.HTTPStatus", Renamed)
    found = {status: title_of(status) for status in {kind.status for kind in KINDS} | {502}}
    assert found == {
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        408: "Request Timeout",
        413: "Request Entity Too Large",
        415: "Unsupported Media Type",
        421: "Misdirected Request",
        422: "Unprocessable Entity",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large",
        500: "Internal Server Error",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
    }
    # Of the framework, nothing of ours: there only has to be one.
    assert [title_of(410), title_of(499)] == ["as a later Python says", "Refused"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"upstream connect error", "text/plain"),
        (b"", "application/problem+json"),
        (b"[]", "application/problem+json"),
        (b'{"type":"about:blank","outcome":"none"}', "application/problem+json"),
        (b'{"type":"/problems/of-tomorrow","outcome":"none"}', "application/problem+json"),
        (b'{"type":"/problems/overloaded","outcome":"none"}', "application/json"),
        (b'{"type":"/problems/overloaded"}', "application/problem+json"),
        (b'{"type":"/problems/overloaded","outcome":"some"}', "application/problem+json"),
    ],
)
def test_what_footfall_did_not_write_leaves_the_views_in_doubt(
    status: int, body: bytes, media_type: str
) -> None:
    assert judged(response(status, body, media_type, **{"retry-after": "0"})) == DOUBT


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413])
def test_what_was_refused_by_whom_ever_was_not_counted(status: int) -> None:
    assert judged(response(status, b"no", "text/plain")) == REFUSED


@pytest.mark.parametrize("oldest", ["", "long ago", "2025-07-06"])
def test_a_horizon_that_cannot_be_read_is_a_refusal(oldest: str) -> None:
    assert judged(sent(RequestRefused([PAST_FAULT]), oldest=oldest)) == REFUSED


def test_the_media_type_may_have_parameters() -> None:
    body = from_error(Overloaded("busy")).body
    answer = response(503, body, "Application/Problem+JSON; charset=utf-8")
    assert judged(answer) == Again("")


async def ask(method: str, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=create_app([], {}, {}))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_each_kind_is_explained_where_its_type_points(kind: Kind) -> None:
    answer = await ask("GET", kind.reference)
    assert answer.status_code == 200
    found = answer.json()
    assert found.pop("type") == kind.reference
    assert found == {
        "status": kind.status,
        "outcome": kind.outcome,
        "means": kind.means,
        "advice": kind.advice,
    }


def test_no_two_kinds_have_one_name() -> None:
    assert len(BY_REFERENCE) == len(KINDS)


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("POST", "/nowhere", 404, "not-found"),
        ("GET", "/problems/of-tomorrow", 404, "not-found"),
        ("POST", "/health", 405, "method-not-allowed"),
        ("DELETE", "/health", 405, "method-not-allowed"),
    ],
)
async def test_only_a_post_is_told_whether_anything_was_appended(
    method: str, path: str, status: int, name: str
) -> None:
    answer = await ask(method, path)
    found = answer.json()
    assert (answer.status_code, found["type"]) == (status, f"/problems/{name}")
    assert found.get("outcome") == ("none" if method == "POST" else None)


@pytest.mark.parametrize("error", [KeyError("x"), StopAsyncIteration(), AssertionError()])
async def test_a_probe_that_fails_as_nobody_foresaw_is_not_ready(error: Exception) -> None:
    async def probe() -> None:
        raise error

    app = create_app([], {"log": probe}, {})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["log"] == f"could not be asked: {type(error).__name__}"
