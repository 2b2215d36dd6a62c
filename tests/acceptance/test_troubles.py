"""Partitions that cannot be folded are told, rows that were put back come right: real processes."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text

from domain.events import Partition
from domain.partitioning import partition_for
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_writer
from rows.engine import engine_at
from rows.tables import dead_letters
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import embedded
from tests.factories import batch, event
from tests.servers import free_port

pytestmark = pytest.mark.acceptance

HOUR = "2025-07-16T10:00:00Z"
PAGES = [f"example.com/{number}" for number in range(20)]
# What a restore brings back, in an order that keeps nobody waiting.
TABLES = (
    "checkpoints", "producer_positions", "dead_letters", "hourly_views", "leases", "projectors",
)  # fmt: skip


async def send(client: httpx.AsyncClient, pages: Iterable[str] = PAGES) -> None:
    answer = await client.post("/page-views/multi", json={page: {HOUR: 1} for page in pages})
    assert answer.status_code == 202, answer.text


async def counted(client: httpx.AsyncClient) -> list[int]:
    found = []
    for page in PAGES:
        rows = await report(client, page=page, now="2025-07-16T11:00:00Z", order="desc", take="1")
        found.append(rows[0]["v"])
    return found


async def until_counted(client: httpx.AsyncClient, wanted: list[int], seconds: float = 30) -> None:
    async def right() -> bool:
        return await counted(client) == wanted

    await until(right, f"each page having {wanted}", seconds)


async def append(settings: Settings, partition: Partition, *bodies: bytes) -> None:
    writer = open_writer(settings)
    for body in bodies:
        await writer.append(partition, body)
    await writer.close()


async def letters(settings: Settings) -> int:
    async with engine_at(settings.rows_url) as engine, engine.connect() as connection:
        found = await connection.execute(select(func.count()).select_from(dead_letters))
        return int(found.scalar_one())


async def test_what_is_no_batch_is_set_aside_and_what_stops_a_partition_is_told(
    backend: Settings,
) -> None:
    stuck = partition_for(PAGES[0], backend.num_partitions)
    others = [page for page in PAGES if partition_for(page, backend.num_partitions) != stuck]
    port = free_port()
    async with (
        Role(backend, "web") as web,
        Role(backend, "projector", "--port", str(port), port=port) as projector,
    ):
        await web.serving()
        await projector.serving()
        async with httpx.AsyncClient(base_url=web.url, timeout=30) as client:
            await send(client)
            await append(backend, stuck, b"[2025]", b'[1,"p",1,1,0,[["a",1,1e3]]]')
            await send(client)
            await until_counted(client, [2] * len(PAGES))
            assert await letters(backend) == 2
            # A newer version wrote this.
            await append(backend, stuck, b'[99,"p",1,1,0,["?"]]')
            await send(client)
            await until_counted(client, [3 if page in others else 2 for page in PAGES])

            async def told(verb: str) -> bool:
                code, out, _ = await footfall(backend, verb)
                return code == 1 and f"partition {stuck}: stopped since 20" in out

            for verb in ("check", "status"):
                await until(partial(told, verb), f"{verb} telling it")

            async def measured() -> bool:
                lines = (await client.get("/metrics")).text.splitlines()
                stopped = [line for line in lines if line.startswith("footfall_partition_stopped{")]
                ones = [line for line in stopped if line.endswith("1.0")]
                alone = f'footfall_partition_stopped{{partition="{stuck}"}} 1.0'
                return len(stopped) == backend.num_partitions and ones == [alone]

            await until(measured, "the metric saying it of that partition alone")
            # Views are still taken; that not all is folded, whoever asks the whole of it hears.
            await send(client, others)
            for url in (projector.url, web.url):

                async def unready(url: str = url) -> bool:
                    # A machine so busy that leases are lost takes the partition anew.
                    answer = await client.get(f"{url}/ready")
                    said = answer.json()["checks"]
                    stopped = said.pop("partitions").startswith(f"partition {stuck}: stopped")
                    return stopped and answer.status_code == 503 and {*said.values()} == {"ok"}

                await until(unready, f"{url} not being ready for its partition")
            assert (await client.get(f"{projector.url}/health")).status_code == 200
            assert (
                "footfall_partition_stopped" in (await client.get(f"{projector.url}/metrics")).text
            )
        assert await projector.stop() == 0, projector.log()
        # Nobody holds it any more: nobody is believed.
        code, out, _ = await footfall(backend, "check")
        assert (code, "ERROR" in out) == (0, False), out


async def test_a_body_that_is_text_is_no_obstacle(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    async with Role(settings, "up") as up:
        await up.serving()
        body = encode(batch(*(event(page) for page in PAGES), producer="by-hand")).decode()
        with closing(sqlite3.connect(settings.log_file, timeout=30)) as file, file:
            file.execute(
                "INSERT INTO log_entries SELECT 1, next_offset, ? FROM log_ends "
                "WHERE partition = 1",
                (body,),
            )
            file.execute("UPDATE log_ends SET next_offset = next_offset + 1 WHERE partition = 1")
        async with httpx.AsyncClient(base_url=up.url, timeout=30) as client:
            await until_counted(client, [1] * len(PAGES))
            await send(client)
            await until_counted(client, [2] * len(PAGES))
        assert "Traceback" not in up.log()


async def test_rows_that_were_put_back_under_a_quiet_projector_come_right_by_themselves(
    backend: Settings,
) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url, timeout=30) as client:
            await send(client)
            await until_counted(client, [1] * len(PAGES))
            async with engine_at(backend.rows_url) as engine:
                async with engine.begin() as connection:
                    for name in TABLES:
                        await connection.execute(
                            text(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}")
                        )
                await send(client)
                await until_counted(client, [2] * len(PAGES))
                async with engine.begin() as connection:
                    for name in TABLES:
                        await connection.execute(text(f"DELETE FROM {name}"))
                        await connection.execute(
                            text(f"INSERT INTO {name} SELECT * FROM kept_{name}")
                        )
            # Nobody views anything: within a lease of 0.9 s, and what a busy machine takes.
            await until_counted(client, [2] * len(PAGES), seconds=15)
            code, out, err = await footfall(backend, "verify")
            assert code == 0, out + err
        assert "is not the one that was left there" in up.log()
