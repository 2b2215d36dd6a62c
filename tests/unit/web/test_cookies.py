"""A key in a cookie: what browsers are told of it, when it counts, and when it does not."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.wiring.front import front_of
from domain.key_ring import Ring
from domain.key_secrets import id_of
from domain.keys import ANYBODY, Right
from domain.settings import Settings
from tests.asgi import Headers
from tests.keys import bearer, key, numbered
from tests.unit.web.test_door import Client, ask
from web.access import Access, caller_of
from web.app import create_app, route
from web.cookies import forgotten, kept, key_in, key_shown
from web.entrance import BARE, Front
from web.lock import Lock, lock_of, nobody_locks
from web.problems import Answer, answer

INGEST, READ, ADMIN, WRONG = (numbered(number) for number in range(4))
KEYS = [key(INGEST, Right.INGEST), key(READ), key(ADMIN, Right.ADMIN)]
LOCK = lock_of(lambda: Ring(KEYS), lambda: 0)
HOST = (b"host", b"stats.example.com")
OWN = (b"sec-fetch-site", b"same-origin")
FRIEND = b"https://friend.example"


async def whoever(scope: Any, _: Any) -> Answer:
    caller = caller_of(scope)
    return answer({"key": caller.key, "rights": sorted(right.value for right in caller.rights)})


def application(lock: Lock = LOCK, front: Front = BARE) -> Any:
    handlers = [
        route("/read", "GET", whoever, access=Access(Right.READ)),
        route("/query", "POST", whoever, access=Access(Right.READ)),
        route("/append", "POST", whoever, access=Access(Right.INGEST)),
        route("/appended", "GET", whoever, access=Access(Right.INGEST)),
        route("/operations", "GET", whoever, access=Access(Right.ADMIN)),
        route("/pixel", "GET", whoever, access=Access(from_pages=True)),
        route("/view", "POST", whoever, access=Access(from_pages=True)),
        route("/public", "GET", whoever),
    ]
    return create_app(handlers, {}, {}, lock=lock, front=front)


APP = application()


def cookie(secret: str, name: str = "footfall") -> tuple[bytes, bytes]:
    return b"cookie", f"{name}={secret}".encode()


async def asked(
    path: str, *headers: tuple[bytes, bytes], method: str = "GET", app: Any = APP
) -> Client:
    return await ask(app, method, path.encode(), [HOST, *headers])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_key_in_a_cookie_opens_what_is_looked_at(method: str) -> None:
    for name in ("footfall", "__Host-footfall"):
        found = await asked("/read", cookie(READ, name), method=method)
        assert found.status == 200
    assert (await asked("/operations", cookie(ADMIN))).status == 200
    assert (await asked("/operations", cookie(READ))).status == 403


@pytest.mark.parametrize("path", ["/append", "/query"])
@pytest.mark.parametrize("secret", [INGEST, READ, ADMIN])
async def test_nothing_is_sent_with_it(path: str, secret: str) -> None:
    for headers in ([], [OWN]):
        assert (await asked(path, cookie(secret), *headers, method="POST")).status == 401


async def test_it_never_has_the_right_to_append_whatever_the_key_may() -> None:
    assert (await asked("/appended", cookie(ADMIN))).status == 403
    assert (await asked("/appended", cookie(INGEST))).status == 403
    told = json.loads((await asked("/pixel", cookie(ADMIN))).body)
    assert told == {"key": id_of(ADMIN), "rights": ["admin", "read"]}
    told = json.loads((await asked("/view", cookie(ADMIN), method="POST")).body)
    assert told == {"key": "", "rights": []}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"same-origin")],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"null")],
    ],
)
async def test_nothing_of_it_counts_where_another_site_has_it_sent(headers: Headers) -> None:
    found = await asked("/read", cookie(READ), *headers)
    assert (found.status, b"this needs a key" in found.body) == (401, True)
    # As it was there: a key that is shown is what counts from anywhere.
    assert (await asked("/read", bearer(READ), *headers)).status == 200


@pytest.mark.parametrize("headers", [[], [OWN], [(b"sec-fetch-site", b"none")]])
async def test_it_counts_from_a_page_of_ours_and_by_hand(headers: Headers) -> None:
    assert (await asked("/read", cookie(READ), *headers)).status == 200


async def test_a_page_that_may_read_with_a_key_has_no_part_in_anybodys_cookie() -> None:
    app = application(front=front_of(Settings(cors_origins=FRIEND.decode())))
    asks = (b"origin", FRIEND), (b"sec-fetch-site", b"same-site")
    assert (await asked("/read", cookie(READ), *asks, app=app)).status == 401
    found = await asked("/read", bearer(READ), *asks, app=app)
    assert (found.status, found.headers[b"access-control-allow-origin"]) == (200, FRIEND)
    assert b"access-control-allow-credentials" not in found.headers


async def test_a_key_that_is_sent_counts_and_not_the_cookie_beside_it() -> None:
    assert (await asked("/read", bearer(WRONG), cookie(READ))).status == 401
    assert (await asked("/read", (b"authorization", b""), cookie(READ))).status == 401
    told = json.loads((await asked("/read", bearer(ADMIN), cookie(READ))).body)
    assert told == {"key": id_of(ADMIN), "rights": ["admin", "ingest", "read"]}


async def test_a_key_that_is_none_any_more_is_refused_as_it_is_in_a_header() -> None:
    found = await asked("/read", cookie(WRONG))
    assert (found.status, b"is none of this service's" in found.body) == (401, True)
    rings = [Ring(KEYS), Ring()]
    app = application(lock_of(lambda: rings.pop(0), lambda: 0))
    assert [(await asked("/read", cookie(READ), app=app)).status for _ in range(2)] == [200, 401]


async def test_caches_are_told_that_answers_are_not_for_everybody() -> None:
    assert (await asked("/read", cookie(READ))).headers[b"vary"] == b"cookie"
    assert (await asked("/read", cookie(WRONG))).headers[b"vary"] == b"cookie"
    assert b"vary" not in (await asked("/public", cookie(READ))).headers


async def test_where_there_are_no_keys_nobody_looks_at_cookies() -> None:
    app = application(nobody_locks)
    for secret in (READ, "nothing", "x" * 8_000):
        told = json.loads((await asked("/append", cookie(secret), method="POST", app=app)).body)
        assert told["rights"] == sorted(right.value for right in ANYBODY.rights)


ODD = {
    "nothing": [b""],
    "no name": [READ.encode()],
    "an empty one": [b"footfall="],
    "another's": [f"session={READ}".encode()],
    "another spelling": [f"Footfall={READ}".encode()],
    "cut off": [f"footfall={READ[:-1]}".encode()],
    "longer": [f"footfall={READ}a".encode()],
    "quoted": [f'footfall="{READ}"'.encode()],
    "escaped": [f"footfall=%66{READ[1:]}".encode()],
    "a comma": [f"footfall={READ},footfall={READ}".encode()],
    "two keys": [f"footfall={READ}; footfall={ADMIN}".encode()],
    "two keys in two lines": [f"footfall={READ}".encode(), f"footfall={ADMIN}".encode()],
    "a wrong one over TLS": [f"__Host-footfall=x; footfall={READ}".encode()],
    "not ASCII": [b"footfall=\xff\xfe" + READ.encode()],
    "8 kB": [b"footfall=" + b"x" * 8_000],
    "thousands": [b";" * 8_000],
    "line breaks": [f"footfall={READ}\n".encode()],
}


@pytest.mark.parametrize("lines", ODD.values(), ids=ODD)
async def test_whatever_else_is_in_cookies_opens_nothing(lines: Sequence[bytes]) -> None:
    found = await asked("/read", *((b"cookie", line) for line in lines))
    assert found.status == 401
    assert READ.encode()[20:] not in found.body


@given(st.lists(st.binary(max_size=60) | st.sampled_from(ODD["two keys"]), max_size=4))
async def test_no_bytes_but_those_of_a_key_come_in(lines: Sequence[bytes]) -> None:
    assert (await asked("/read", *((b"cookie", line) for line in lines))).status == 401


def test_among_other_cookies_it_is_found() -> None:
    assert key_in(f"theme=dark; footfall={READ};a=b") == READ
    assert key_in(f"footfall={READ}; footfall={READ}") == READ
    assert key_in(f"footfall={WRONG}; __Host-footfall={READ}") == READ
    assert key_shown([(b"cookie", b"theme=dark"), cookie(READ), (b"x", b"y")]) == READ
    assert key_shown([]) is None


def test_no_script_may_read_it_and_no_other_site_has_it_sent() -> None:
    for over_tls in (False, True):
        (_, over), (_, plain) = kept(READ, over_tls=over_tls)
        for line in (over, plain):
            assert b"; Path=/; HttpOnly; SameSite=Strict" in line
            assert b"Domain" not in line
        assert over.endswith(b"; Secure")
        assert over.startswith(b"__Host-footfall=" + (READ.encode() if over_tls else b"") + b"; ")
        assert plain.startswith(b"footfall=" + (b"" if over_tls else READ.encode()) + b"; ")
        assert (b"Max-Age=0" in over, b"Max-Age=0" in plain) == (not over_tls, over_tls)
    assert all(b"=; Max-Age=0; " in line for _, line in forgotten())
