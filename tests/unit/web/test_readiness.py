"""What /ready costs and says, however many ask."""

import asyncio

import msgspec

from domain.errors import LogUnavailable, StoreUnavailable
from web.readiness import FRESH_SECONDS, Readiness


class Dependency:
    """Counts how often it is asked, and answers when told to."""

    def __init__(self) -> None:
        self.asked = self.at_once = self.most = 0
        self.answers = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.asked += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.answers.wait()
        finally:
            self.at_once -= 1
        if self.error is not None:
            raise self.error


async def test_however_many_ask_there_is_one_probe_at_a_time_and_its_answer_is_shared() -> None:
    log, now = Dependency(), 100.0
    readiness = Readiness({"log": log}, lambda: now)
    asking = [asyncio.create_task(readiness.answer()) for _ in range(400)]
    await asyncio.sleep(0)
    asking[0].cancel()
    log.answers.set()
    found = await asyncio.gather(*asking[1:])
    assert {answer.status for answer in found} == {200}
    now += FRESH_SECONDS / 2
    await readiness.answer()
    assert (log.asked, log.most) == (1, 1)
    now += FRESH_SECONDS
    log.error = LogUnavailable("the log is away")
    assert (await readiness.answer()).status == 503
    assert log.asked == 2


async def test_what_a_driver_said_is_told_to_nobody_who_asks() -> None:
    secret = "connect call failed (10.1.2.3, 5432) https://sqlalche.me/e/20/rvf5"

    async def log() -> None:
        raise LogUnavailable(secret, told="the log is away")

    async def database() -> None:
        raise StoreUnavailable(secret, told="the database is away")

    found = await Readiness({"log": log, "database": database}, lambda: 0.0).answer()
    assert msgspec.json.decode(found.body) == {
        "status": "unavailable",
        "checks": {"log": "the log is away", "database": "the database is away"},
    }
