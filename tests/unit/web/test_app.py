"""What the log is told of requests that fail."""

import httpx
import pytest
from litestar.types import Receive, Scope

from domain.errors import LogUnavailable
from web.app import create_app, route
from web.problems import Answer


async def away(_: Scope, __: Receive) -> Answer:
    raise LogUnavailable("the log is away")


async def broken(_: Scope, __: Receive) -> Answer:
    raise ZeroDivisionError


async def test_what_fails_by_the_hundred_is_one_line_or_one_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = create_app([route("/away", "POST", away), route("/broken", "GET", broken)], {}, {})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answers = [await client.post("/away") for _ in range(300)]
        answers += [await client.get("/broken") for _ in range(300)]
    first, failed = (answers[place].headers["x-request-id"] for place in (0, 300))
    assert [answer.status_code for answer in answers] == [503] * 300 + [500] * 300
    told = [(record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    assert told == [
        (f"POST /away: the log is away (request {first})", False),
        (f"GET /broken failed: ZeroDivisionError (request {failed})", True),
    ]
