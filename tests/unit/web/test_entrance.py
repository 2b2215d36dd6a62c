"""What clients meet before the door: limits by address and key, names of requests."""

import json
import re
from dataclasses import replace

import httpx
import pytest

from cli.wiring.front import front_of
from domain.addresses import Proxies
from domain.problems import TOO_MANY_REQUESTS
from domain.settings import Settings
from tests.keys import numbered
from tests.unit.web.front import STRANGER, Clock, House
from web.clients import Clients
from web.entrance import Front
from web.rates import BURST_SECONDS, Rate

NEAR = "10.0.0.1"
MOST = BURST_SECONDS
OTHER = "198.51.100.7"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """No time passes for limits while a test asks."""
    return Clock(monkeypatch)


def limited(proxies: str = "", **rates: int) -> House:
    """One request a second, or as many as are said."""
    found = {"of_pages": 1, "of_callers": 0, **rates}
    of_pages, of_callers = found["of_pages"], found["of_callers"]
    return House(
        Front(
            Clients(Proxies(proxies)),
            Rate("address", of_pages) if of_pages else None,
            Rate("key", of_callers) if of_callers else None,
        )
    )


async def statuses(house: House, times: int = MOST + 1, **asked: object) -> list[int]:
    return [(await house.ask("POST", "/from-pages", **asked)).status for _ in range(times)]  # type: ignore[arg-type]


def said(address: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", address.encode())]


ALL = [202] * (MOST + 1)
TOO_MANY = [202] * MOST + [429]


async def test_what_is_too_much_of_one_address_is_refused_and_counted() -> None:
    house = limited()
    assert await statuses(house) == TOO_MANY
    refused = await house.ask("POST", "/from-pages")
    assert refused.status == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit"] == '"address";r=0;t=1'
    assert refused.headers["ratelimit-policy"] == '"address";q=10;w=10'
    assert refused.headers["access-control-allow-origin"] == "*"
    assert json.loads(refused.body) == {
        "type": "/problems/too-many-requests",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "these are more requests than one client may send: send it again in 1 s",
        "errors": [],
        "outcome": "none",
    }
    assert house.noted == [TOO_MANY_REQUESTS] * 2
    assert len(house.seen) == MOST


async def test_what_is_let_in_says_how_much_is_left() -> None:
    found = await limited().ask("POST", "/from-pages")
    assert (found.status, found.headers["ratelimit"]) == (202, '"address";r=9;t=1')


async def test_a_head_that_is_refused_has_no_body() -> None:
    house = limited()
    await statuses(house)
    asked, got = await house.ask("HEAD", "/pixel"), await house.ask("GET", "/pixel")
    assert (asked.status, asked.body, got.status) == (429, b"", 429)
    assert asked.headers["content-length"] == got.headers["content-length"] == f"{len(got.body)}"


async def test_addresses_are_limited_apart_and_networks_of_ipv6_as_one() -> None:
    house = limited()
    assert await statuses(house, client="203.0.113.1") == TOO_MANY
    assert await statuses(house, client="203.0.113.2") == TOO_MANY
    assert await statuses(house, MOST, client="2001:db8:0:1::1") == [202] * MOST
    assert await statuses(house, 1, client="2001:db8:0:1::2") == [429]
    assert await statuses(house, 1, client="2001:db8:0:2::1") == [202]


async def test_one_address_of_ipv4_is_the_same_in_the_words_of_ipv6() -> None:
    house = limited()
    assert await statuses(house) == TOO_MANY
    assert await statuses(house, 1, client=f"::ffff:{STRANGER}") == [429]


async def test_only_what_pages_may_send_is_limited_by_address() -> None:
    house = limited()
    for path in ("/ingest", "/query"):
        assert 429 not in [(await house.ask("POST", path)).status for _ in range(30)]
    for path in ("/read", "/public", "/health", "/nowhere"):
        found = [(await house.ask("GET", path)) for _ in range(30)]
        assert all(each.status != 429 and "ratelimit" not in each.headers for each in found)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", None])
async def test_nobody_on_this_machine_is_limited(client: str | None) -> None:
    assert await statuses(limited(), client=client) == ALL


async def test_a_stranger_who_says_to_speak_for_others_is_limited_as_itself() -> None:
    house = limited(proxies=NEAR)
    spoofed = [
        (await house.ask("POST", "/from-pages", said(f"198.51.100.{number}"))).status
        for number in range(MOST + 1)
    ]
    assert spoofed == TOO_MANY


async def test_what_a_client_writes_before_a_proxy_of_ours_does_is_not_believed() -> None:
    house = limited(proxies=NEAR)
    spoofed = [
        (
            await house.ask(
                "POST", "/from-pages", said(f"198.51.100.{number}, {OTHER}"), client=NEAR
            )
        ).status
        for number in range(MOST + 1)
    ]
    assert spoofed == TOO_MANY
    assert await statuses(house, 1, client=OTHER) == [429]


async def test_behind_a_proxy_of_ours_everybody_has_limits_of_their_own() -> None:
    house = limited(proxies=NEAR)
    assert await statuses(house, headers=said(STRANGER), client=NEAR) == TOO_MANY
    assert await statuses(house, headers=said(OTHER), client=NEAR) == TOO_MANY


@pytest.mark.parametrize("line", ["", "unknown", NEAR, "10.9.9.9, 10.0.0.2"])
async def test_a_proxy_of_ours_that_says_nobody_is_not_starved(line: str) -> None:
    house = limited(proxies="10.0.0.0/8")
    assert await statuses(house, headers=said(line), client=NEAR) == ALL


def by_default() -> House:
    return House(front_of(Settings()))


async def test_a_site_whose_views_come_from_one_address_is_never_refused_by_default(
    clock: Clock,
) -> None:
    # A proxy nobody has named, 50 views a second: trackers send four requests for each at most.
    house = by_default()
    for _ in range(15):
        assert set(await statuses(house, 200)) == {202}
        clock.now += 1.0


async def test_a_flood_from_one_address_is_bounded_by_default(clock: Clock) -> None:
    house = by_default()
    assert (await statuses(house, 2_500)).count(202) == pytest.approx(2_000, abs=1)
    clock.now += 1.0
    assert (await statuses(house, 500)).count(202) == pytest.approx(200, abs=1)


async def test_servers_are_not_limited_by_default() -> None:
    house = by_default()
    found = [await house.ask("POST", "/ingest", key="abc") for _ in range(3_000)]
    assert {each.status for each in found} == {202}
    assert "ratelimit" not in found[0].headers


async def test_a_key_is_limited_where_that_is_set_wherever_it_comes_from() -> None:
    house = limited(of_callers=1)
    found = [
        (await house.ask("POST", "/ingest", key="abc", client=f"203.0.113.{number}"))
        for number in range(MOST + 1)
    ]
    assert [each.status for each in found] == TOO_MANY
    assert found[0].headers["ratelimit"] == '"key";r=9;t=1'
    assert found[-1].headers["retry-after"] == "1"
    assert house.noted == [TOO_MANY_REQUESTS]
    assert (await house.ask("POST", "/ingest", key="abc", client="127.0.0.1")).status == 429
    assert (await house.ask("POST", "/ingest", key="other")).status == 202
    # Asking is not appending: only what is refused of that is counted.
    assert (await house.ask("GET", "/read", key="abc")).status == 429
    assert house.noted == [TOO_MANY_REQUESTS] * 2


async def test_who_needs_no_key_is_then_limited_by_address_but_on_this_machine() -> None:
    house = limited(of_callers=1)
    assert [(await house.ask("GET", "/read")).status for _ in range(MOST + 1)][-1] == 429
    here = [(await house.ask("GET", "/read", client="127.0.0.1")).status for _ in range(30)]
    assert here == [200] * 30


async def test_who_watches_over_the_process_is_not_limited() -> None:
    house = limited(of_callers=1)
    found = [(await house.ask("GET", "/health", key="abc")).status for _ in range(30)]
    assert found == [200] * 30


@pytest.mark.parametrize("name", [b"a", b"A-1._z", b"x" * 128])
async def test_a_request_keeps_the_name_that_its_client_gave_it(name: bytes) -> None:
    for method, path in (("GET", "/read"), ("POST", "/from-pages"), ("GET", "/nowhere")):
        found = await House().ask(method, path, [(b"x-request-id", name)])
        assert found.headers["x-request-id"] == name.decode()


@pytest.mark.parametrize(
    "name",
    [b"", b"x" * 129, b"a b", b"a\r\nb: c", b"\xff", b"a;b", b"a/b", numbered(1).encode()],
)
async def test_what_is_no_name_is_replaced_by_one(name: bytes) -> None:
    found = await House().ask("GET", "/read", [(b"x-request-id", name)])
    assert re.fullmatch(r"[0-9a-f]{16}", found.headers["x-request-id"])


async def test_every_answer_has_a_name_of_its_own() -> None:
    house = House(allowed_hosts=["stats.example"])
    asked = [("GET", "/read"), ("GET", "/nowhere"), ("PUT", "/read"), ("GET", "/broken")]
    found = [await house.ask(method, path) for method, path in asked]
    found.append(await house.ask("GET", "/read", host=b"evil.example"))
    assert [each.status for each in found] == [200, 404, 405, 500, 421]
    assert len({each.headers["x-request-id"] for each in found}) == 5
    assert all([name for name, _ in each.lines].count(b"x-request-id") == 1 for each in found)


async def test_the_settings_say_who_is_limited_and_how() -> None:
    settings = replace(Settings(), rate_limit=0, key_rate_limit=3, trusted_proxies=NEAR)
    front = front_of(settings)
    assert front.of_pages is None
    assert front.of_callers is not None
    assert front.access_log is None
    house = House(front)
    assert set(await statuses(house, 3_000)) == {202}
    found = [await house.ask("GET", "/read", key="abc") for _ in range(15)]
    assert "ratelimit" not in found[13].headers
    assert found[14].headers["ratelimit"] == '"key";r=15;t=5'
    assert found[14].headers["ratelimit-policy"] == '"key";q=30;w=10'


async def test_an_answer_that_httpx_reads_is_whole() -> None:
    transport = httpx.ASGITransport(app=limited().app, client=(STRANGER, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        found = [await client.post("/from-pages") for _ in range(MOST + 1)]
    assert [each.status_code for each in found] == TOO_MANY
    assert found[-1].json()["status"] == 429
