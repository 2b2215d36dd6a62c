"""Refusals for clients that look for a member `error`."""

import msgspec
import pytest

from domain.errors import StoreUnavailable
from domain.keys import Caller, Right
from domain.problems import KINDS
from tests.unit.web.test_door import accept, ask
from web.access import Access
from web.app import create_app, route
from web.entrance import Front
from web.problems import Answer, explained
from web.rates import BURST_SECONDS, Rate

ANY_HOST = ("*",)


async def away(_: object, __: object) -> Answer:
    raise StoreUnavailable("the database is away")


async def broken(_: object, __: object) -> Answer:
    raise LookupError("nobody foresaw it")


ACCESS = Access(says_error=True)
APP = create_app(
    [
        route("/fine", "POST", accept, access=ACCESS),
        route("/away", "GET", away, access=ACCESS),
        route("/broken", "GET", broken, access=ACCESS),
        route("/other", "GET", away),
    ],
    {},
    {},
    allowed_hosts=ANY_HOST,
)
FOREIGN = [(b"host", b"127.0.0.1"), (b"origin", b"http://other.example")]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", b"/fine", None, 405),
        ("POST", b"/fine", FOREIGN, 403),
        ("GET", b"/away", None, 503),
        ("GET", b"/broken", None, 500),
    ],
)
async def test_whoever_refuses_the_sentence_is_said_as_error_too(
    method: str, path: bytes, headers: list[tuple[bytes, bytes]] | None, status: int
) -> None:
    found = await ask(APP, method, path, headers)
    content = msgspec.json.decode(found.body)
    assert found.status == status
    assert content["error"] == content["detail"]
    assert found.headers[b"content-length"] == b"%d" % len(found.body)
    assert found.headers[b"content-type"] == b"application/problem+json"


async def test_an_answer_is_left_as_it_is() -> None:
    assert (await ask(APP, "POST", b"/fine")).body == b'{"accepted":1}'


async def test_who_does_not_look_for_it_is_not_sent_it() -> None:
    assert "error" not in msgspec.json.decode((await ask(APP, "GET", b"/other")).body)


async def test_a_head_has_the_length_of_the_refusal_and_no_body() -> None:
    found, whole = await ask(APP, "HEAD", b"/away"), await ask(APP, "GET", b"/away")
    assert found.body == b""
    assert found.headers[b"content-length"] == whole.headers[b"content-length"]


async def test_what_explains_a_refusal_is_none() -> None:
    found = await ask(APP, "GET", KINDS[0].reference.encode())
    assert msgspec.json.decode(found.body) == explained(KINDS[0])


async def test_who_has_no_key_or_asks_too_often_is_told_so_too() -> None:
    routes = [route("/fine", "POST", accept, access=Access(Right.READ, says_error=True))]
    caller = Caller("known", frozenset({Right.READ}))
    front = Front(of_callers=Rate("key", 1))
    for app, times, status in (
        (create_app(routes, {}, {}, lock=lambda _: "this needs a key"), 1, 401),
        (create_app(routes, {}, {}, lock=lambda _: caller, front=front), 2 * BURST_SECONDS, 429),
    ):
        found = [await ask(app, "POST", b"/fine") for _ in range(times)][-1]
        content = msgspec.json.decode(found.body)
        assert found.status == status
        assert content["error"] == content["detail"]
