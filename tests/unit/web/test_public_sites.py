"""Sites that anybody may read of where others need a key: who is who, and who may ask how often."""

import json
from typing import Any

import pytest

from domain.key_ring import Ring
from domain.key_secrets import id_of
from domain.keys import Right, public
from tests.keys import bearer, key, numbered
from tests.unit.web.front import FROM_PAGES, Clock
from tests.unit.web.test_door import Client, ask
from tests.unit.web.two_sites import BOUND, MINE, OTHERS, Both
from web.access import Access, caller_of
from web.app import create_app, route
from web.entrance import BARE, Front
from web.lock import lock_of, nobody_locks
from web.problems import Answer, answer
from web.rates import BURST_SECONDS, Rate

READ, WRONG = numbered(1), numbered(2)
HOST = (b"host", b"stats.example.com")
ANYONE = public({"b.example", "a.example"})


async def whoever(scope: Any, _: Any) -> Answer:
    caller = caller_of(scope)
    sites = None if caller.sites is None else sorted(caller.sites)
    return answer({"key": caller.key, "sites": sites})


def application(front: Front = BARE) -> Any:
    handlers = [
        route("/read", "GET", whoever, access=Access(Right.READ)),
        route("/query", "POST", whoever, access=Access(Right.READ)),
        route("/operations", "GET", whoever, access=Access(Right.ADMIN)),
        route("/append", "POST", whoever, access=Access(Right.INGEST)),
        route("/view", "POST", whoever, access=FROM_PAGES),
    ]
    lock = lock_of(lambda: Ring([key(READ)]), lambda: 0)
    return create_app(handlers, {}, {}, lock=lock, front=front, nameless=ANYONE)


async def asked(app: Any, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Client:
    return await ask(app, method, path.encode(), [HOST, *headers])


async def test_whoever_comes_without_a_key_reads_of_these_sites() -> None:
    for path, method in (("/read", "GET"), ("/query", "POST")):
        found = await asked(application(), path, method=method)
        assert found.status == 200
        assert json.loads(found.body) == {"key": "", "sites": ["a.example", "b.example"]}
        assert found.headers[b"vary"] == b"cookie"


@pytest.mark.parametrize(("path", "method"), [("/operations", "GET"), ("/append", "POST")])
async def test_to_all_else_they_are_strangers(path: str, method: str) -> None:
    found = await asked(application(), path, method=method)
    assert found.status == 401
    assert found.headers[b"www-authenticate"] == b'Bearer realm="footfall"'
    assert json.loads(found.body)["type"] == "/problems/unauthorized"


async def test_a_key_is_as_good_as_before_and_a_wrong_one_no_better() -> None:
    told = json.loads((await asked(application(), "/read", bearer(READ))).body)
    assert told == {"key": id_of(READ), "sites": None}
    for header in (bearer(WRONG), (b"cookie", f"footfall={WRONG}".encode())):
        assert (await asked(application(), "/read", header)).status == 401


async def test_a_cookie_that_another_site_had_sent_is_as_none() -> None:
    cookie = (b"cookie", f"footfall={READ}".encode())
    found = await asked(application(), "/read", cookie, (b"sec-fetch-site", b"same-site"))
    assert json.loads(found.body)["key"] == ""


async def test_where_there_are_no_keys_it_means_nothing() -> None:
    routes = [route("/read", "GET", whoever, access=Access(Right.READ))]
    app = create_app(routes, {}, {}, lock=nobody_locks, nameless=ANYONE)
    assert json.loads((await asked(app, "/read")).body) == {"key": "", "sites": None}


@pytest.mark.parametrize("of_callers", [None, Rate("key", 100)])
async def test_they_are_limited_by_address_and_holders_of_keys_are_not(
    monkeypatch: pytest.MonkeyPatch, of_callers: Rate | None
) -> None:
    Clock(monkeypatch)
    app = application(Front(of_pages=Rate("address", 1), of_callers=of_callers))

    async def status(address: str, *headers: tuple[bytes, bytes]) -> int:
        return (await asked(_from(app, address), "/read", *headers)).status

    found = [await status("203.0.113.9") for _ in range(BURST_SECONDS + 1)]
    assert found == [200] * BURST_SECONDS + [429]
    assert await status("203.0.113.9", bearer(READ)) == 200
    assert await status("203.0.113.10") == 200


def _from(app: Any, address: str) -> Any:
    async def moved(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": (address, 1)}, receive, send)

    return moved


@pytest.mark.parametrize(
    "path", ["/stats/pages", "/stats/views", "/stats/sites", "/stats/sources", "/stats/bounds"]
)
def test_they_are_told_what_a_key_of_these_sites_is_told(both: Both, path: str) -> None:
    anyone = public(BOUND.sites or ())
    for query in ({}, {"site": MINE}, {"site": OTHERS}):
        given = query if path != "/stats/bounds" else {}
        found = both.run(both.everything.ask(anyone, path, given))
        wanted = both.run(both.everything.ask(BOUND, path, given))
        assert (found.status, found.body) == (200, wanted.body)
        assert found.body != both.run(both.everything.ask(public({OTHERS}), path, given)).body
