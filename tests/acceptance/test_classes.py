"""Who looked, from a request to the rows, and a replay that classes history by another list."""

from collections import Counter

import httpx
import pytest
from sqlalchemy import text

from domain.agents.classes import Agent, agent_of
from domain.agents.robots import list_version
from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, until
from tests.acceptance.test_user_agents import FIREFOX, GOOGLE, MOMENT

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ALL = {Agent.PERSON: 3, Agent.ROBOT: 5, Agent.UNKNOWN: 2}


async def by_class(settings: Settings) -> dict[Agent, int]:
    """Views of the live generation."""
    found: Counter[Agent] = Counter()
    engine = open_engine(settings.rows_url)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT shard, views FROM hourly_views WHERE generation = "
                "(SELECT generation FROM generations WHERE state = 'live')"
            )
        )
        for slot, views in rows:
            found[agent_of(slot)] += views
    await engine.dispose()
    return dict(found)


async def execute(settings: Settings, statement: str) -> None:
    engine = open_engine(settings.rows_url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_views_are_classed_and_a_replay_classes_them_again(backend: Settings) -> None:
    async with Role(backend, "ingest") as ingest, Role(backend, "projector") as projector:
        await projector.start()
        await ingest.serving()
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            counts = {FIREFOX: 3, GOOGLE: 5, "": 2}
            found = await client.post("/page-views/multi", json={"a": {MOMENT: counts}})
            assert found.status_code == 202

        async def counted() -> bool:
            return await by_class(backend) == ALL

        await until(counted, "the views being counted by class")
        _, out, _ = await footfall(backend, "status")
        assert f"viewers classed by {list_version()}" in out
        code, out, err = await footfall(backend, "verify", "--deep")
        assert (code, "pages, classes and hours that differ: 0" in out) == (0, True), (out, err)
        # As if an older list had taken the robot for a person.
        await execute(backend, "UPDATE generations SET agent_lists = 'older 1'")
        moved = "UPDATE hourly_views SET shard = -16384 WHERE shard < -16384"
        await execute(backend, moved)
        assert await by_class(backend) == {Agent.PERSON: 8, Agent.UNKNOWN: 2}
        code, out, _ = await footfall(backend, "check")
        assert f"classed by older 1, this Footfall classes by {list_version()}" in out
        assert code == 0
        code, out, err = await footfall(backend, "replay", "--workers", "1")
        assert (code, "pages and hours that differ: 0" in out) == (0, True), (out, err)
        assert f"classed by older 1, the new one by {list_version()}" in out
        assert await by_class(backend) == ALL
        _, out, _ = await footfall(backend, "check")
        assert "viewers were classed" not in out
