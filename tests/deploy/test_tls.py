"""The examples of TLS in front, in real proxies before a real service."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ingest.requests import MAX_BODY_BYTES
from tests.acceptance.processes import Role, report, until
from tests.conftest import embedded
from tests.deploy.tls import NAME, Caddy, Front, Nginx

pytestmark = pytest.mark.acceptance

HERE = "127.0.0.2"
FORGED = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Request-Id": "mine"}
VIEW = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
PROXIES = [
    pytest.param(Nginx, marks=pytest.mark.nginx, id="nginx"),
    pytest.param(Caddy, marks=pytest.mark.caddy, id="Caddy"),
]


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Role]:
    settings = replace(embedded(tmp_path), allowed_hosts=NAME)
    for name, value in {
        "TRUSTED_PROXIES": "127.0.0.1",
        "ACCESS_LOG": "true",
        "ACCESS_LOG_ADDRESSES": "true",
    }.items():
        monkeypatch.setenv(name, value)
    async with Role(settings, "up") as role:
        yield await role.serving()


def client_of(front: Front) -> httpx.AsyncClient:
    """Comes from another address of this machine than the proxy does."""
    transport = httpx.AsyncHTTPTransport(verify=front.context(), local_address=HERE)

    async def name(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = NAME

    return httpx.AsyncClient(
        base_url=front.url,
        transport=transport,
        headers={"Host": NAME},
        timeout=30,
        event_hooks={"request": [name]},
    )


@pytest.mark.parametrize("proxy", PROXIES)
async def test_all_goes_through_it_and_nobody_is_taken_for_another(
    proxy: type[Front], service: Role, tmp_path: Path
) -> None:
    async with proxy(tmp_path / "front", service.port) as front, client_of(front) as client:
        sent = await client.post("/page-views/single", json=VIEW, headers=FORGED)
        assert (sent.status_code, sent.headers["x-request-id"]) == (202, "mine"), front.log()

        async def seen() -> bool:
            rows = await report(client, page=VIEW["page"], now="2025-07-16T12:00:00Z")
            return sum(row["v"] for row in rows) == 1

        await until(seen, "the view being in the report")
        lines = re.findall(r"method=POST .* request=mine key=- client=(\S+)", service.log())
        assert lines == [HERE], service.log()
        # Its own limit is above that of the service.
        body = b'{"example.com/page": {"2025-07-16T10:00:00Z": 7}}'.ljust(MAX_BODY_BYTES)
        large = await client.post("/page-views/multi", content=body)
        assert (large.status_code, large.json()) == (202, {"accepted": 7}), front.log()


@pytest.mark.parametrize("proxy", PROXIES)
async def test_browsers_are_spoken_to_in_http_2(proxy: type[Front], tmp_path: Path) -> None:
    async with proxy(tmp_path / "front", 9) as front:
        context = front.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await asyncio.open_connection(
            "127.0.0.1", front.port, ssl=context, server_hostname=NAME
        )
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        writer.close()
        assert chosen == "h2"


@pytest.mark.nginx
async def test_who_comes_without_tls_is_sent_to_where_it_is(tmp_path: Path) -> None:
    async with Nginx(tmp_path / "front", 9) as front, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{front.plain}/report?page=a"
        found = await client.get(url, headers={"Host": NAME})
        assert found.status_code == 301
        assert found.headers["location"] == f"https://{NAME}/report?page=a"
