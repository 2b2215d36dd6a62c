"""`python -m tests.cluster.figures`: each loss on a cluster under load, and what clients saw of it.

Prints the table of docs/scaling.md, then holds all rows to what was answered. Exit code 1 where one
of them is wrong.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import httpx

from tests.acceptance.ledger import PAGES, Attempt, Ledger, Load, counted
from tests.acceptance.processes import footfall, until
from tests.acceptance.test_exactly_once import folded
from tests.cluster import losses
from tests.cluster.ending import until_told
from tests.cluster.machines import INGEST, Machines, Size
from tests.cluster.options import size_of

AWAY_SECONDS = 15
SETTLE_SECONDS = 5
CATCH_UP_SECONDS = 300
HOURS = [f"2025-07-16T{hour:02}:00:00Z" for hour in range(24)]
LOSSES: dict[str, losses.Loss] = {
    "nothing": losses.nothing,
    "the node that leads partition 0, SIGKILL": losses.leader_killed,
    "the same, cut off from the others (`pause_minority`)": losses.leader_cut_off,
    "one of the ingest processes, SIGKILL": losses.ingest_killed,
    "one of the projectors, SIGKILL": losses.projector_killed,
    "one of the read APIs, SIGKILL": losses.read_api_killed,
    "the PostgreSQL primary, restarted": losses.primary_restarted,
    "the standby, SIGKILL": losses.standby_away,
}


@dataclass
class Reports:
    """Somebody who asks the front door for a report again and again."""

    url: str
    asked: int = 0
    failed: int = 0

    async def ask(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as client:
            while True:
                self.asked += 1
                try:
                    answer = await client.get("/report", params={"page": PAGES[0]})
                    self.failed += not answer.is_success
                except httpx.TransportError:
                    self.failed += 1
                await asyncio.sleep(0.1)


async def _run(size: Size) -> int:
    async with Machines(size, lambda text: print(text, file=sys.stderr)) as machines:
        urls = [role.url for role in machines.roles(INGEST)]
        load = Load(*urls, machines.door.url, clients=12, hours=HOURS)
        reports = Reports(machines.door.url)
        asking = asyncio.create_task(reports.ask())
        print(_HEAD)
        async with load.coming():
            for what, lose in LOSSES.items():
                print(await _lost(machines, what, lose, load.ledger, reports), flush=True)
        asking.cancel()
        await until(lambda: folded(machines.settings), "the fold catching up", CATCH_UP_SECONDS)
        return await _held(machines, load.ledger)


_COLUMNS = (
    f"lost for {AWAY_SECONDS} s", "attempts", "refused", "unknown", "slowest 202",
    "longest without a 202", "reports failed", "back after",
)  # fmt: skip
_HEAD = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}"


async def _lost(
    machines: Machines, what: str, lose: losses.Loss, ledger: Ledger, reports: Reports
) -> str:
    begun, first = time.monotonic(), len(ledger.attempts)
    asked, failed = reports.asked, reports.failed
    async with lose(machines):
        await asyncio.sleep(AWAY_SECONDS)
        returning = time.monotonic()
    back = time.monotonic() - returning
    await asyncio.sleep(SETTLE_SECONDS)
    attempts = ledger.attempts[first:]
    kinds = Counter(attempt.outcome for attempt in attempts)
    confirmed = [attempt for attempt in attempts if attempt.outcome == "confirmed"]
    slowest = max((attempt.seconds for attempt in confirmed), default=0)
    cells = (
        what, len(attempts), kinds["refused"], kinds["unknown"], f"{slowest:.1f} s",
        f"{max(_pauses(begun, confirmed)):.1f} s",
        f"{reports.failed - failed} of {reports.asked - asked}", f"{back:.0f} s",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _pauses(begun: float, confirmed: list[Attempt]) -> Iterator[float]:
    moments = [begun, *(attempt.at for attempt in confirmed), time.monotonic()]
    return (after - before for before, after in pairwise(moments))


async def _held(machines: Machines, ledger: Ledger) -> int:
    rows = await counted(machines.settings)
    wrong = ledger.wrong(rows)
    views = {outcome: found.total() for outcome, found in ledger.views.items()}
    print(f"\n{len(ledger.attempts):,} attempts; views: {views}; {rows.total():,} counted in")
    print(f"{len(rows):,} pages and hours, {len(wrong)} of them too low or too high", *wrong[:10])
    code, out, err = await footfall(machines.settings, "verify", "--deep")
    print(out + err)
    return 1 if wrong or code else 0


def main() -> int:
    """The exit code."""
    size = size_of(sys.argv[1:], "python -m tests.cluster.figures", __doc__ or "", "")
    return asyncio.run(until_told(_run(size)))


if __name__ == "__main__":
    sys.exit(main())
