"""A cluster under load loses one thing after another: all comes back, and no row is wrong."""

import re
from contextlib import suppress

import httpx
import pytest

from tests.acceptance.ledger import PAGES, Load, counted
from tests.acceptance.processes import footfall, until
from tests.acceptance.test_exactly_once import checkpoints, folded
from tests.cluster.losses import (
    Loss,
    ingest_killed,
    leader_killed,
    primary_restarted,
    projector_killed,
    read_api_killed,
)
from tests.cluster.machines import INGEST, Machines, Size
from tests.cluster.parts import RolePart

pytestmark = [
    pytest.mark.machines,
    pytest.mark.private_servers,
    pytest.mark.nginx,
    pytest.mark.timeout(600),
]

HOURS = [f"2025-07-16T{hour}:00:00Z" for hour in (10, 11, 12)]
LOSSES: list[Loss] = [
    leader_killed,
    projector_killed,
    ingest_killed,
    primary_restarted,
    read_api_killed,
]
PATIENCE = 120


async def test_one_loss_after_another_leaves_no_row_too_low_or_too_high() -> None:
    async with Machines(Size(partitions=3)) as machines:
        urls = [role.url for role in machines.roles(INGEST)]
        load = Load(*urls, machines.door.url, clients=6, hours=HOURS)
        async with load.coming():
            for lose in LOSSES:
                async with lose(machines):
                    await confirmed_more(load)
                    if machines.primary.running:
                        await report_answered(machines)
                await all_folded_on(machines)
        await until(lambda: folded(machines.settings), "the fold catching up", PATIENCE)
        assert load.ledger.wrong(await counted(machines.settings)) == []
        code, out, err = await footfall(machines.settings, "verify", "--deep")
        assert code == 0, out + err
        assert re.search(r"and hours that differ: 0$", out, re.MULTILINE), out
        code, out, err = await footfall(machines.settings, "check")
        assert code == 0, out + err
        for part in machines.parts.values():
            if isinstance(part, RolePart):
                assert "Traceback" not in part.log.read_text(), part.name


async def confirmed_more(load: Load, more: int = 300) -> None:
    """Views go on being confirmed, whatever is away."""
    enough = load.confirmed.total() + more

    async def there_are() -> bool:
        return load.confirmed.total() > enough

    await until(there_are, "views being confirmed", PATIENCE)


async def report_answered(machines: Machines) -> None:
    """The front door has one, whichever read API is away."""
    async with httpx.AsyncClient(base_url=machines.door.url, timeout=30) as client:

        async def answered() -> bool:
            with suppress(httpx.TransportError):
                return (await client.get("/report", params={"page": PAGES[0]})).is_success
            return False

        await until(answered, "a report at the front door")


async def all_folded_on(machines: Machines) -> None:
    """Every partition is folded beyond where it stands."""
    before = {c.partition: c.next_offset for c in await checkpoints(machines.settings)}

    async def beyond() -> bool:
        now = {c.partition: c.next_offset for c in await checkpoints(machines.settings)}
        return all(now[partition] > offset for partition, offset in before.items())

    await until(beyond, "every partition being folded", PATIENCE)
