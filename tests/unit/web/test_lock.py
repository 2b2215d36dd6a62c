"""Who comes in with which key, and what those outside are told."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import StoreUnavailable
from domain.key_ring import Key, Ring
from domain.key_secrets import id_of
from domain.keys import ANYBODY, STRANGER, Right
from domain.problems import KINDS, Kind
from tests.keys import bearer, key, numbered
from tests.unit.web.test_door import Client, ask
from web.access import Access, caller_of
from web.app import create_app, route
from web.lock import Lock, lock_of, nobody_locks
from web.problems import Answer, answer
from web.refused import Noted, not_noted

NOW = 1_750_000_000_000
HOST = (b"host", b"127.0.0.1")
INGEST, READ, ADMIN, OTHER = (numbered(number) for number in range(4))
KEYS = [key(INGEST, Right.INGEST), key(READ, Right.READ), key(ADMIN, Right.ADMIN)]
LOCK = lock_of(lambda: Ring(KEYS), lambda: NOW)
CHALLENGE = 'Bearer realm="footfall"'


async def whoever(scope: Any, _: Any) -> Answer:
    caller = caller_of(scope)
    return answer({"key": caller.key, "rights": sorted(right.value for right in caller.rights)})


async def broken() -> None:
    raise StoreUnavailable("connection to db-7.internal refused", told="no connection to db-7")


def application(lock: Lock, noted: Noted = not_noted) -> Any:
    handlers = [
        route("/append", "POST", whoever, access=Access(Right.INGEST)),
        route("/view", "POST", whoever, access=Access(None, from_pages=True)),
        route("/read", "GET", whoever, access=Access(Right.READ)),
        route("/metrics", "GET", whoever, access=Access(Right.ADMIN)),
    ]
    probes = {"database": broken}
    return create_app(handlers, probes, {"openapi": "3.1.0"}, noted=noted, lock=lock)


APP = application(LOCK)
PATHS = {"/append": "POST", "/read": "GET", "/metrics": "GET"}


async def asked(path: str, *headers: tuple[bytes, bytes], app: Any = APP) -> Client:
    method = "POST" if path in ("/append", "/view") else "GET"
    return await ask(app, method, path.encode(), [HOST, *headers])


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(INGEST, [200, 403, 403]), (READ, [403, 200, 403]), (ADMIN, [200, 200, 200])],
    ids=["ingest", "read", "admin"],
)
async def test_a_key_opens_what_it_has_the_right_to(secret: str, expected: list[int]) -> None:
    assert [(await asked(path, bearer(secret))).status for path in PATHS] == expected


@pytest.mark.parametrize("path", PATHS)
async def test_whoever_has_no_key_is_told_how_to_send_one(path: str) -> None:
    found = await asked(path)
    body = json.loads(found.body)
    assert (found.status, body["type"]) == (401, "/problems/unauthorized")
    assert body["detail"] == "this needs a key: send it as Authorization: Bearer KEY"
    assert body.get("outcome") == ("none" if path == "/append" else None)
    assert found.headers[b"www-authenticate"].decode() == CHALLENGE


async def test_whoever_has_another_right_is_told_which_one_it_takes() -> None:
    found = await asked("/metrics", bearer(READ))
    body = json.loads(found.body)
    assert (found.status, body["type"]) == (403, "/problems/forbidden")
    assert body["detail"] == f"this needs a key with the right admin, and {id_of(READ)} has none"
    challenge = found.headers[b"www-authenticate"].decode()
    assert challenge == f'{CHALLENGE}, error="insufficient_scope", scope="admin"'


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR   ", "Bearer \t"])
async def test_a_scheme_is_written_in_any_letters(scheme: str) -> None:
    header = (b"authorization", f"{scheme}{READ}".encode())
    assert (await asked("/read", header)).status == 200


def odd(*values: bytes) -> Sequence[tuple[bytes, bytes]]:
    return [(b"authorization", value) for value in values]


_READ = READ.encode()
ODD = {
    "another": (odd(b"Bearer " + OTHER.encode()), "is none of this service's"),
    "cut off": (odd(b"Bearer " + _READ[:-1]), "is none of this service's"),
    "nothing behind it": (odd(b"Bearer "), "is none of this service's"),
    "nothing": (odd(b""), "is of another kind"),
    "no scheme": (odd(_READ), "is of another kind"),
    "no blank": (odd(b"Bearer" + _READ), "is of another kind"),
    "a colon": (odd(b"Bearer: " + _READ), "is of another kind"),
    "Basic": (odd(b"Basic dXNlcjpwYXNz"), "is of another kind"),
    "Token": (odd(b"Token " + _READ), "is of another kind"),
    "not ASCII": (odd(b"Bearer " + _READ + b"\xff\xfe"), "is none of this service's"),
    "8 kB": (odd(b"Bearer " + b"x" * 8_000), "is none of this service's"),
    "two of them": (odd(b"Bearer " + _READ + b"," + _READ), "is none of this service's"),
    "twice": (odd(b"Bearer " + _READ, b"Bearer " + _READ), "is there twice"),
    "two schemes": (odd(b"Basic eA==", b"Bearer " + _READ), "is there twice"),
    "quoted": (odd(b'Bearer "' + _READ + b'"'), "is none of this service's"),
}


@pytest.mark.parametrize(("headers", "said"), ODD.values(), ids=ODD)
async def test_whatever_else_is_sent_opens_nothing(
    headers: Sequence[tuple[bytes, bytes]], said: str
) -> None:
    found = await asked("/read", *headers)
    assert (found.status, said in found.body.decode()) == (401, True), found.body
    assert _READ[20:] not in found.body


@pytest.mark.parametrize("headers", [[], *(headers for headers, _ in ODD.values())])
async def test_where_there_are_no_keys_whatever_is_sent_is_tolerated(
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    app = application(nobody_locks)
    for path in (*PATHS, "/view"):
        found = await asked(path, *headers, app=app)
        assert found.status == 200
        assert json.loads(found.body) == {"key": "", "rights": ["admin", "ingest", "read"]}


async def test_where_there_is_no_key_and_nobody_said_open_nobody_comes_in() -> None:
    app = application(lock_of(Ring, lambda: NOW))
    for path in PATHS:
        assert (await asked(path, bearer(ADMIN), app=app)).status == 401
    assert (await asked("/health", app=app)).status == 200


@pytest.mark.parametrize(
    "path", ["/health", "/schema", "/schema/openapi.json", *(kind.reference for kind in KINDS)]
)
async def test_what_everybody_may_know_needs_no_key_and_is_the_same_for_all(path: str) -> None:
    stranger, wrong, known = [
        await asked(path, *headers) for headers in ([], [bearer(OTHER)], [bearer(ADMIN)])
    ]
    assert stranger.status == 200
    assert stranger.body == wrong.body == known.body


@pytest.mark.parametrize("headers", [[], [bearer(OTHER)], [bearer(READ)], [bearer(INGEST)]])
async def test_strangers_are_told_whether_it_is_ready_and_not_why(
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    found = await asked("/ready", *headers)
    assert (found.status, found.body) == (503, b'{"status":"unavailable"}')


async def test_an_administrator_is_told_why_it_is_not_ready() -> None:
    told = json.loads((await asked("/ready", bearer(ADMIN))).body)
    assert told == {"status": "unavailable", "checks": {"database": "no connection to db-7"}}
    assert json.loads((await asked("/ready", app=application(nobody_locks))).body) == told


async def test_a_view_from_a_page_needs_no_key_and_shows_one_where_it_has_it() -> None:
    page = (b"origin", b"https://example.com")
    for headers, name in ([], ""), ([bearer(OTHER)], ""), ([bearer(INGEST)], id_of(INGEST)):
        found = await asked("/view", page, *headers)
        assert (found.status, json.loads(found.body)["key"]) == (200, name)


async def test_which_methods_there_are_is_asked_without_a_key() -> None:
    found = await ask(APP, "OPTIONS", b"/read", [HOST])
    assert (found.status, found.headers[b"allow"]) == (405, b"GET, HEAD")


async def test_a_refused_head_has_the_headers_of_a_refused_get_and_no_body() -> None:
    named = [HOST, (b"x-request-id", b"mine")]
    got, headed = await ask(APP, "GET", b"/read", named), await ask(APP, "HEAD", b"/read", named)
    assert (headed.status, headed.headers, headed.body) == (401, got.headers, b"")


async def test_refused_views_are_counted_and_refused_questions_are_not() -> None:
    noted: list[Kind] = []
    app = application(LOCK, noted.append)
    for path in PATHS:
        await asked(path, app=app)
        await asked(path, bearer(INGEST if path != "/append" else READ), app=app)
    assert [kind.name for kind in noted] == ["unauthorized", "forbidden"]


@given(
    st.binary(max_size=200)
    | st.tuples(st.sampled_from([b"Bearer ", b"bearer\t", b"Basic "]), st.binary()).map(b"".join)
)
async def test_no_bytes_but_those_of_a_key_come_in(value: bytes) -> None:
    assume(READ.encode() not in value and ADMIN.encode() not in value)
    found = await asked("/read", (b"authorization", value))
    assert found.status in (401, 403)
    assert found.headers[b"www-authenticate"].decode().startswith(CHALLENGE)


def test_a_key_is_looked_for_among_those_of_the_moment() -> None:
    rings = [Ring(), Ring(KEYS), Ring()]
    lock = lock_of(lambda: rings.pop(0), lambda: NOW)
    assert [isinstance(lock(f"Bearer {READ}"), str) for _ in range(3)] == [True, False, True]


@pytest.mark.parametrize("changed", [{"expires_ms": NOW}, {"revoked_ms": NOW - 1}])
def test_the_holder_of_a_key_whose_time_is_over_is_told_so_and_nobody_else(
    changed: dict[str, Any],
) -> None:
    over: Key = key(READ)._replace(**changed)
    lock = lock_of(lambda: Ring([over]), lambda: NOW)
    assert str(lock(f"Bearer {READ}")).startswith(f"the key {id_of(READ)} ")
    assert "none of this service's" in str(lock(f"Bearer {READ[:-1]}7"))


def test_nobody_is_anybody_where_there_are_keys() -> None:
    assert not STRANGER.rights
    assert ANYBODY.rights == frozenset(Right)
