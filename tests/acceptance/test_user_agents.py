"""What of user agents gets into the log, by whatever way they come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.agents.classes import Agent
from domain.agents.robots import class_of
from domain.agents.viewers import KEPT
from domain.events import Offset, Partition
from domain.settings import Settings
from domain.wire import decode
from log.opening import open_log
from tests.acceptance.processes import Role, footfall

pytestmark = pytest.mark.acceptance

ELASTIC = Path(__file__).parents[1] / "data/elastic.log"
MOMENT = "2025-07-16T10:00:00Z"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TEXTS = {
    "label": {"Firefox/128 (Linux)": 4, "Googlebot +http": 5, None: 7},
    "full": {FIREFOX: 4, GOOGLE: 5, None: 7},
    "class": {"person": 4, "robot": 5, None: 7},
}


async def in_the_log(settings: Settings) -> Sequence[bytes]:
    """All batches."""
    reader = open_log(settings).reader()
    bodies: list[bytes] = []
    try:
        for partition in map(Partition, range(settings.num_partitions)):
            end = (await reader.bounds(partition)).end
            async with reader.subscribe(partition, Offset(0)) as entries:
                read = 0
                while read < end:
                    found = await entries.take(100, 5)
                    assert found, f"{end - read} entries of partition {partition} do not come"
                    read = found[-1].offset + 1
                    bodies += [entry.body for entry in found]
    finally:
        await reader.close()
    return bodies


def views_by_text(bodies: Sequence[bytes]) -> Counter[str | None]:
    views: Counter[str | None] = Counter()
    for batch in map(decode, bodies):
        of = batch.agents.by_event() if batch.agents else [None] * len(batch.events)
        for event, text in zip(batch.events, of, strict=True):
            views[text] += event.count
    return views


@pytest.mark.parametrize("kept", sorted(KEPT))
async def test_no_more_of_a_user_agent_is_in_the_log_than_may_be(
    backend: Settings, kept: str
) -> None:
    async with Role(replace(backend, keep_user_agents=kept), "ingest") as ingest:
        await ingest.serving()
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            single = {"page": "a", "timestamp": MOMENT}
            for body in (single | {"user_agent": FIREFOX}, single):
                found = await client.post("/page-views/single", json=body)
                assert (found.status_code, found.json()) == (202, {"accepted": 1})
            counts = {FIREFOX: 3, GOOGLE: 5, "": 1}
            found = await client.post(
                "/page-views/multi", json={"b": {MOMENT: counts}, "c": {MOMENT: 5}}
            )
            assert (found.status_code, found.json()) == (202, {"accepted": 14})
    bodies = await in_the_log(backend)
    assert views_by_text(bodies) == TEXTS[kept]
    if kept != "full":
        assert not any(b"Mozilla" in one or b"Gecko" in one for one in bodies)
    # What nothing is known of is written as it always was.
    for one in bodies:
        assert one.startswith(b"[2," if decode(one).agents else b"[1,")
    assert any(one.startswith(b"[1,") for one in bodies)


async def test_an_import_of_recorded_traffic_brings_robots_and_persons(backend: Settings) -> None:
    async with Role(backend, "ingest") as ingest:
        await ingest.serving()
        code, _, err = await footfall(
            backend, "import", "--to", ingest.url, "--host", "example.com", str(ELASTIC)
        )
        assert code == 0, err
    bodies = await in_the_log(backend)
    classes: Counter[Agent] = Counter()
    for text, views in views_by_text(bodies).items():
        classes[class_of(text or "", "label")] += views
    assert classes == {Agent.PERSON: 776, Agent.ROBOT: 174, Agent.UNKNOWN: 4}
    assert not any(b"Mozilla" in one or b"Gecko" in one for one in bodies)
