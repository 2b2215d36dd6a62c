"""`python -m benchmarks [NAME ...]`: run the benchmarks, print the table."""

import os
import sys
from collections.abc import Awaitable, Callable

import uvloop

from benchmarks import compare, fold, freshness, ingest, replay, report, retention, stats
from benchmarks.table import Row, markdown

RUNS = int(os.environ.get("RUNS", "5"))
SECONDS = 4.0
SINGLE_EVENTS = int(os.environ.get("SINGLE_EVENTS", "1000000"))
EXPIRED_ROWS = int(os.environ.get("EXPIRED_ROWS", "10000000"))
STATS_ROWS = int(os.environ.get("STATS_ROWS", "10000000"))
HISTORY_ROWS = os.environ.get("HISTORY_ROWS", "1000000,10000000,50000000")

Benchmark = Callable[[], Awaitable[list[Row]]]

BENCHMARKS: dict[str, Benchmark] = {
    "ingest-single": lambda: ingest.single(RUNS, SECONDS),
    "ingest-locked": lambda: ingest.locked(RUNS, SECONDS),
    "ingest-multi": lambda: ingest.multi(RUNS, SECONDS),
    "fold": lambda: fold.repeating(RUNS),
    "fold-viewers": lambda: fold.viewers(RUNS),
    "fold-distinct": lambda: fold.distinct(RUNS),
    "fold-long": fold.long_addresses,
    "freshness": lambda: freshness.freshness(RUNS, 15.0),
    "replay": lambda: replay.full_batches(RUNS),
    "replay-single": lambda: replay.single_events(SINGLE_EVENTS),
    "report": lambda: report.report(RUNS, SECONDS),
    "retention": lambda: retention.drop(EXPIRED_ROWS, 20.0),
    "stats": lambda: stats.stats(STATS_ROWS, SECONDS),
    "compare": lambda: compare.compare(RUNS, int(os.environ.get("COMPARED_ROWS", "10000000"))),
    "fold-history": lambda: retention.fold_history(RUNS, HISTORY_ROWS, 500_000),
}


async def main(names: list[str]) -> None:
    """Run `names`, all if empty."""
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        found = await BENCHMARKS[name]()
        rows += found
        for row in found:
            print(f"  {row.name}: {row.value}", file=sys.stderr, flush=True)
    print(markdown(rows))


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark {unknown[0]}: choose of {', '.join(BENCHMARKS)}")
    uvloop.run(main(sys.argv[1:]))
