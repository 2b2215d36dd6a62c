"""Projectors of earlier releases pass the probes of a newer ingest over."""

from pathlib import Path

import pytest
from sqlalchemy import text

from domain import wire
from domain.events import Partition
from domain.settings import Settings
from log.opening import open_writer
from rows.engine import open_engine
from tests.acceptance.processes import REPOSITORY, footfall, until
from tests.acceptance.test_exactly_once import folded, stored
from tests.conftest import PARTITIONS
from tests.factories import TEN, batch, event
from tests.upgrades.released import made_by, migrated, offsets, role, unpack
from tests.upgrades.test_rolling import RELEASES

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.postgres,
    pytest.mark.rabbitmq,
    pytest.mark.timeout(300),
]

IDLE = "probe-00000001"


class Writer:
    """Appends to every partition, as ingest does, and tells how far the log goes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.end = 0
        self.views = 0

    async def append(self, *kinds: str) -> None:
        """A message of each kind: a probe, or views."""
        writer = open_writer(self._settings)
        try:
            for body in map(self._body, kinds):
                for partition in range(PARTITIONS):
                    await writer.append(Partition(partition), body)
        finally:
            await writer.close()

    def _body(self, kind: str) -> bytes:
        self.end += 1
        at_ms = TEN + self.end
        if kind == "probe":
            return wire.probe(IDLE, self.end, at_ms)
        self.views += 1
        return wire.encode(batch(event("a/b"), sequence=self.views, at_ms=at_ms))

    async def is_folded(self) -> bool:
        found = await offsets(self._settings)
        return all(found.get(p) == self.end for p in range(PARTITIONS))


async def numbers(settings: Settings) -> tuple[int, int]:
    """Events that were counted, and messages that were set aside."""
    engine = open_engine(settings.rows_url, read_only=True)
    try:
        async with engine.connect() as connection:
            events = await connection.scalar(text("SELECT sum(events) FROM checkpoints"))
            letters = await connection.scalar(text("SELECT count(*) FROM dead_letters"))
            return int(events or 0), int(letters or 0)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("version", RELEASES)
async def test_a_released_projector_passes_probes_over_and_todays_goes_on_behind_one(
    version: str, tmp_path: Path
) -> None:
    old = unpack(version, tmp_path)
    async with made_by(old, "production", tmp_path) as settings:
        log = Writer(settings)
        await log.append("probe", "views", "probe")
        # The second begins where the first has ended, behind a probe; so does the third, of today.
        for program in (old, old, REPOSITORY):
            if program is REPOSITORY:
                await migrated(settings)
            async with role(settings, "projector", program) as projector:
                await projector.start()
                await until(log.is_folded, f"all being folded: {projector.log()}", 60)
                await log.append("probe", "probe", "views", "probe")
                await until(log.is_folded, f"all being folded: {projector.log()}", 60)
                await projector.stop()
                for trouble in ("dead letter", "ERROR", "Traceback", "WARNING"):
                    assert trouble not in projector.log()
        assert await stored(settings) == {"a/b": 4 * PARTITIONS}
        assert await numbers(settings) == (4 * PARTITIONS, 0)
        assert await folded(settings)
        for verb in (["verify", "--deep"], ["replay"]):
            code, out, err = await footfall(settings, *verb)
            assert code == 0, out + err
        assert await stored(settings) == {"a/b": 4 * PARTITIONS}
        code, out, err = await footfall(settings, "status", "--json")
        assert code == 0, out + err
        for claimed in ("duplicates", "forks", "jumps"):
            assert f'"{claimed}":0' in out
            assert f'"{claimed}":1' not in out
