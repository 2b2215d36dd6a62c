"""What is set aside is listed, shown, retried and counted once: real processes, wrong clocks."""

import asyncio
import json
import sys

import httpx
import pytest

from cli.wiring.process import now_ms
from domain.events import Partition
from domain.hours import HOUR_MS
from domain.partitioning import partition_for
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_writer
from rows.opening import open_rows
from tests.acceptance.processes import REPOSITORY, Role, environment, footfall, report, until
from tests.factories import batch, event

pytestmark = pytest.mark.acceptance

PAGE = "example.com/clock"
MOMENT = "2025-07-16T10:00:00Z"


async def send(url: str, views: int) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        answer = await client.post("/page-views/multi", json={PAGE: {MOMENT: views}})
        assert answer.status_code == 202, answer.text


async def counted(client: httpx.AsyncClient) -> int:
    rows = await report(client, page=PAGE, now="2025-07-16T11:00:00Z", order="desc", take="1")
    return rows[0]["v"]


async def until_counted(client: httpx.AsyncClient, views: int) -> None:
    async def right() -> bool:
        return await counted(client) == views

    await until(right, f"{views} views being counted")


async def until_set_aside(settings: Settings, letters: int) -> list[dict[str, object]]:
    async def right() -> bool:
        async with open_rows(settings, now_ms, read_only=True) as rows:
            return (await rows.facts.facts()).dead_letters == letters

    await until(right, f"{letters} dead letters")
    code, out, err = await footfall(settings, "dead-letters", "list", "--json")
    assert code == 0, err
    found: list[dict[str, object]] = json.loads(out)["letters"]
    assert len(found) == letters
    return found


async def prove(settings: Settings) -> None:
    for arguments in (["verify"], ["verify", "--deep"]):
        code, out, err = await footfall(settings, *arguments)
        assert code == 0, (out, err)


async def test_what_an_ingest_recorded_by_a_wrong_clock_is_told_and_counted_when_asked(
    backend: Settings,
) -> None:
    async with (
        Role(backend, "web") as web,
        Role(backend, "projector") as projector,
        Role(backend, "ingest", days_ahead=1) as wrong,
    ):
        await web.serving()
        await projector.start()
        await wrong.serving()
        async with httpx.AsyncClient(base_url=web.url, timeout=30) as client:
            await send(web.url, 1)
            await send(wrong.url, 20)
            await until_counted(client, 1)
            (letter,) = await until_set_aside(backend, 1)
            assert (letter["kind"], letter["kept"]) == ("clock", letter["size"])
            place = [str(letter["partition"]), str(letter["offset"])]

            code, out, _ = await footfall(backend, "check")
            assert (code, "footfall dead-letters retry --all" in out) == (0, True), out
            code, out, _ = await footfall(backend, "status")
            assert "dead letters: 1 (" in out, out
            code, out, _ = await footfall(backend, "status", "--json")
            assert json.loads(out)["dead_letters"]["by_clock"] == 1
            metrics = (await client.get("/metrics")).text
            assert "footfall_dead_letters_by_clock 1.0" in metrics
            code, out, _ = await footfall(backend, "dead-letters", "show", *place)
            assert "events: 1 with 20 views, 2025-07-16T10:00:00Z" in out, out

            # Neither asked again nor rebuilt is it counted, but when somebody vouches for it.
            await prove(backend)
            code, out, _ = await footfall(backend, "dead-letters", "retry", *place)
            assert (code, "one of the clocks is wrong" in out) == (1, True), out
            retry = ["dead-letters", "retry", "--all", "--accept-clock"]
            code, out, err = await footfall(backend, *retry)
            assert (code, "1 of 1 counted or removed, 20 views" in out) == (0, True), (out, err)
            await send(web.url, 300)
            await until_counted(client, 321)
            code, out, _ = await footfall(backend, "dead-letters", "retry", *place)
            assert code == 1
            await prove(backend)
            code, out, _ = await footfall(backend, "check")
            assert "dead letters" not in out, out


async def test_what_a_projector_with_a_wrong_clock_set_aside_is_counted_once_it_is_right(
    backend: Settings,
) -> None:
    async with Role(backend, "web") as web:
        await web.serving()
        async with Role(backend, "projector", days_ahead=-1) as behind:
            await behind.start()
            for views in (1, 20):
                await send(web.url, views)
            await until_set_aside(backend, 2)
        async with (
            Role(backend, "projector") as projector,
            httpx.AsyncClient(base_url=web.url, timeout=30) as client,
        ):
            await projector.start()
            await send(web.url, 300)
            await until_counted(client, 300)
            code, out, err = await footfall(backend, "dead-letters", "retry", "--all")
            assert (code, "2 of 2 counted or removed, 21 views" in out) == (0, True), (out, err)
            await until_counted(client, 321)
            await prove(backend)


async def test_retries_that_are_killed_anywhere_count_each_letter_once(backend: Settings) -> None:
    partition = Partition(partition_for(PAGE, backend.num_partitions))
    letters = 60
    writer = open_writer(backend)
    for number in range(letters):
        cut = batch(
            event(PAGE), producer="early", sequence=number + 1, at_ms=now_ms() + 3 * HOUR_MS
        )
        await writer.append(partition, encode(cut))
    await writer.close()
    async with Role(backend, "web") as web, Role(backend, "projector") as projector:
        await web.serving()
        await projector.start()
        await until_set_aside(backend, letters)
        retry = ("dead-letters", "retry", "--all", "--accept-clock")
        for number in range(4):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cli", *retry,
                cwd=REPOSITORY, env=environment(backend, 0), stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stdout is not None
            # After so many lines, whatever is under way then.
            for _ in range(1 + 3 * number):
                await process.stdout.readline()
            process.kill()
            await process.communicate()
        code, out, err = await footfall(backend, *retry)
        assert code == 0, (out, err)
        async with httpx.AsyncClient(base_url=web.url, timeout=30) as client:
            assert await counted(client) == letters
        await prove(backend)


async def test_wrong_arguments_and_letters_that_are_not_there_are_said(backend: Settings) -> None:
    cases = {
        ("retry",): (2, "give a PARTITION and an OFFSET, or --all"),
        ("retry", "1"): (2, "give a PARTITION and an OFFSET, or --all"),
        ("retry", "1", "2", "--all"): (2, "give a PARTITION and an OFFSET, or --all"),
        ("list", "--after", "3"): (2, "--partition"),
        ("show", "1", "7"): (1, "no dead letter stands at offset 7"),
        ("retry", "1", "7"): (1, "no dead letter stands at offset 7"),
    }
    for arguments, (wanted, sentence) in cases.items():
        code, _, err = await footfall(backend, "dead-letters", *arguments)
        assert (code, sentence in err) == (wanted, True), (arguments, code, err)
    code, out, _ = await footfall(backend, "dead-letters", "list")
    assert (code, out) == (0, "no dead letters\n")
    code, out, _ = await footfall(backend, "dead-letters", "retry", "--all")
    assert (code, out) == (0, "0 of 0 counted or removed, 0 views\n")
