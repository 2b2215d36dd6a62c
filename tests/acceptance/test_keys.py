"""Keys of a running service: two of them change under load, and no secret is seen anywhere."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.processes.keys_file import changing
from domain.key_secrets import id_of
from domain.keys import Right
from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded
from tests.keys import key, numbered
from tests.servers import free_port

pytestmark = pytest.mark.acceptance

PAGE = "example.com/page"
NOW = "2025-07-16T12:00:00Z"
SINGLE = {"page": PAGE, "timestamp": "2025-07-16T10:00:00Z"}
OLD, READ, ADMIN, WRONG = (numbered(number) for number in range(4))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with changing(tmp_path / "keys") as write:
        write([key(OLD, Right.INGEST), key(READ), key(ADMIN, Right.ADMIN)])
    return replace(embedded(tmp_path), keys_file=tmp_path / "keys")


def shown(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


class Client:
    """Appends one view after the other with its `secret`; `answers` are how often each came."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.secret = OLD
        self.answers: Counter[int] = Counter()
        self.done = False

    async def run(self) -> None:
        while not self.done:
            found = await self._client.post(
                "/page-views/single", json=SINGLE, headers=shown(self.secret)
            )
            self.answers[found.status_code] += 1


async def test_two_keys_change_under_load_and_no_view_is_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.keys_file
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    secrets = [OLD, READ, ADMIN, WRONG]
    seen: list[str] = []
    async with (
        Role(settings, "up", "--workers", "2") as up,
        httpx.AsyncClient(base_url=up.url) as client,
    ):
        await up.serving()
        clients = [Client(client) for _ in range(4)]
        running = [asyncio.create_task(each.run()) for each in clients]

        async def appended(status: int, times: int) -> None:
            wanted = sum(each.answers[status] for each in clients) + times

            async def enough() -> bool:
                return sum(each.answers[status] for each in clients) >= wanted

            await until(enough, f"{times} answers {status}")

        await appended(202, 20)
        code, new, told = await footfall(settings, "key", "new", "--right", "ingest")
        assert code == 0, told
        new = new.strip()
        secrets.append(new)
        seen.append(told)

        async def known() -> bool:
            answers = [
                (await client.post("/page-views/multi", json={}, headers=shown(new))).status_code
                for _ in range(8)
            ]
            return answers == [202] * 8

        await until(known, "the new key being known to both workers")
        for each in clients[1:]:
            each.secret = new
        await appended(202, 20)
        assert sum(each.answers[401] for each in clients) == 0
        code, _, told = await footfall(settings, "key", "revoke", id_of(OLD))
        assert code == 0, told
        # One of them has not changed its key.
        await appended(401, 20)
        for each in clients:
            each.done = True
        await asyncio.gather(*running)
        assert all(set(each.answers) == {202} for each in clients[1:])
        assert set(clients[0].answers) == {202, 401}
        accepted = sum(each.answers[202] for each in clients)

        async def counted() -> bool:
            found = await client.get(
                "/report", params={"page": PAGE, "now": NOW}, headers=shown(READ)
            )
            seen.append(found.text)
            return bool(sum(row["v"] for row in found.json()["data"]) == accepted)

        await until(counted, "all views that were accepted being counted, and no others")
        seen += await everything_said(client)
        # What they know they keep, and say so.
        settings.keys_file.unlink()
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers=shown(ADMIN))).status_code == 200

        async def told_so() -> bool:
            await client.get("/metrics", headers=shown(ADMIN))
            return "which is not there" in up.log()

        await until(told_so, "the log saying that the file is gone")
        code, checked, _ = await footfall(settings, "check")
        assert (code, "ERROR locks: KEYS_FILE is" in checked) == (1, True)
    assert "DEBUG" in up.log()
    for text in (up.log(), checked, *seen):
        assert not [secret for secret in secrets if secret[12:] in text]


async def everything_said(client: httpx.AsyncClient) -> list[str]:
    """To those who have a key, and to those who have not."""
    paths = ["/health", "/ready", "/schema", "/metrics", "/stats/state", "/stats/views?period=24h"]
    answers = [
        await client.get(path, headers=shown(secret))
        for path in paths
        for secret in (READ, ADMIN, WRONG)
    ]
    assert {answer.status_code for answer in answers} == {200, 401, 403}
    return [f"{answer.headers} {answer.text}" for answer in answers]


async def test_where_others_come_in_a_role_without_keys_ends_with_a_sentence(
    settings: Settings,
) -> None:
    unlocked = replace(settings, keys_file=None, host="0.0.0.0")
    for verb in ("ingest", "up"):
        code, out, err = await footfall(unlocked, verb)
        assert (code, out) == (2, "")
        assert err.startswith("footfall: HOST is '0.0.0.0', where others than this machine come in")
        assert err.count("\n") == 1


async def test_a_file_of_keys_that_is_broken_stops_the_start_and_shows_nothing_of_it(
    settings: Settings,
) -> None:
    assert settings.keys_file
    settings.keys_file.write_text(f'{{"secret":"{OLD}"}}')
    code, out, err = await footfall(settings, "up")
    assert (code, out) == (2, "")
    assert err.startswith(f"footfall: KEYS_FILE is {str(settings.keys_file)!r}, which is broken")
    assert OLD[12:] not in err


async def test_a_projector_without_keys_answers_others_that_it_is_ready(
    settings: Settings,
) -> None:
    unlocked = replace(settings, keys_file=None, host="0.0.0.0")
    assert (await footfall(unlocked, "migrate"))[0] == 0
    port = free_port()
    async with (
        Role(unlocked, "projector", "--port", str(port), port=port) as projector,
        httpx.AsyncClient(base_url=projector.url) as client,
    ):
        await projector.serving()
        assert (await client.get("/ready")).json() == {"status": "ready"}
        assert (await client.get("/metrics")).status_code == 401
