"""`footfall up` as a user meets it."""

import json
import re
import signal
from pathlib import Path

import httpx
import pytest

from domain.partitioning import partition_for
from domain.settings import Settings
from log.opening import open_writer
from tests.acceptance.processes import Role, footfall, report, until
from tests.acceptance.test_exactly_once import checkpoints
from tests.conftest import embedded
from tests.servers import family, process

pytestmark = pytest.mark.acceptance

SINGLE = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
MULTI = {
    "example.com/page1": {"2025-07-16T10:00:00Z": 5, "2025-07-16T11:00:00Z": 3},
    "example.com/page2": {"2025-07-16T10:00:00Z": 2},
}


async def test_a_view_goes_in_over_http_and_comes_out_in_a_report(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            assert (await client.get("/health")).json() == {"status": "ok"}
            answer = await client.post("/page-views/single", json=SINGLE)
            assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
            answer = await client.post("/page-views/multi", json=MULTI)
            assert (answer.status_code, answer.json()) == (202, {"accepted": 10})

            async def seen() -> bool:
                rows = await report(client, page="example.com/page1", now="2025-07-16T12:00:00Z")
                return sum(row["v"] for row in rows) == 8

            await until(seen, "the views being in the report")
            query = {"page": "example.com/page1", "now": "2025-07-16T12:59:59Z"}
            rows = await report(client, **query)
            assert [row["h"] for row in rows] == [*range(12, 24), *range(12)]
            assert rows[-2:] == [{"h": 10, "v": 5}, {"h": 11, "v": 3}]
            newest = await report(client, **query, order="desc", take="2")
            assert newest == [{"h": 11, "v": 3}, {"h": 10, "v": 5}]
        assert await up.stop() == 0, up.log()
        assert "Traceback" not in up.log()


async def test_check_and_status_tell_how_it_is(backend: Settings) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            await client.post("/page-views/multi", json=MULTI)

        async def folded() -> bool:
            return sum(c.views for c in await checkpoints(backend)) == 10

        await until(folded, "all views being folded")
        code, out, err = await footfall(backend, "status", "--json")
        assert code == 0, err
        found = json.loads(out)
        assert (found["lag"], found["views"]) == (0, 10)
        (projector,) = found["projectors"]
        code, out, _ = await footfall(backend, "status")
        assert code == 0
        assert re.search(r"all +0 +3 +10$", out, re.MULTILINE)
        # Beside each partition, as one that lives, and beside its version.
        assert out.count(projector) == backend.num_partitions + 2
        code, out, _ = await footfall(backend, "check")
        assert code == 0
        words = [line.split()[0] for line in out.splitlines()]
        # Where its management pages are off, a broker cannot be asked for policies and replicas.
        assert set(words) <= {"OK", "NOTE"}, out
        assert words.count("OK") >= (9 if backend.rabbitmq_url else 8), out


@pytest.mark.parametrize("role", ["web", "projector"])
async def test_a_role_that_dies_is_started_again(backend: Settings, role: str) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        await _kill_child(up, role)
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def counted() -> bool:
                try:
                    await client.post("/page-views/single", json=SINGLE)
                    rows = await report(client, page=SINGLE["page"], now="2025-07-16T12:00:00Z")
                except httpx.TransportError:
                    return False
                return sum(row["v"] for row in rows) > 0

            await until(counted, f"counting after the {role} was killed")
        assert f"{role} ended with code -9, starting it again" in up.log()


async def _kill_child(up: Role, role: str) -> None:
    assert up.process is not None
    children = family(process(up.process.pid))[1:]
    (child,) = [one for one in children if f"cli\0{role}".encode() in one.command()]
    child.signal(signal.SIGKILL)


async def test_no_role_outlives_a_parent_that_was_killed(backend: Settings) -> None:
    up = await Role(backend, "up").serving()
    await up.kill()

    async def gone() -> bool:
        try:
            async with httpx.AsyncClient(base_url=up.url) as client:
                await client.get("/health")
        except httpx.TransportError:
            return True
        return False

    await until(gone, "the roles ending")
    # The port is free again and the files are not locked: a second start works.
    async with Role(backend, "up", port=up.port) as again:
        await again.serving()


async def test_bad_bytes_in_the_log_are_set_aside_and_the_rest_is_counted(
    backend: Settings,
) -> None:
    partition = partition_for(SINGLE["page"], backend.num_partitions)
    writer = open_writer(backend)
    await writer.append(partition, b"\x00not a batch")
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            await client.post("/page-views/single", json=SINGLE)

            async def seen() -> bool:
                rows = await report(client, page=SINGLE["page"], now="2025-07-16T12:00:00Z")
                return sum(row["v"] for row in rows) == 1

            await until(seen, "the view behind the bad bytes being counted")
            await writer.append(partition, b'[3,"from the future"]')
            await client.post("/page-views/single", json=SINGLE)

            async def stopped() -> bool:
                return "upgrade the projectors" in up.log()

            await until(stopped, "the partition stopping")
            rows = await report(client, page=SINGLE["page"], now="2025-07-16T12:00:00Z")
            assert sum(row["v"] for row in rows) == 1
    await writer.close()


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("ingest", "run footfall migrate"),
        ("read-api", "run footfall migrate"),
        ("projector", "run footfall migrate"),
        ("status", "run footfall migrate"),
        ("check", "run footfall migrate"),
    ],
)
async def test_an_empty_database_is_said_in_a_sentence(
    tmp_path: Path, verb: str, says: str
) -> None:
    empty = embedded(tmp_path)
    code, out, err = await footfall(empty, verb)
    assert code == 1
    assert says in out + err
    assert "Traceback" not in err


async def test_a_wrong_setting_stops_the_start_with_a_sentence(backend: Settings) -> None:
    code, _, err = await footfall(backend, "up", "--port", "99999")
    assert code == 2
    assert "99999" in err
