"""`python -m benchmarks [NAME ...]`: run the benchmarks, print the table.

python -m benchmarks                     all but peers
python -m benchmarks beside --save       one, and keep its ratios in benchmarks/history
python -m benchmarks check [FILE]        have ratios fallen since the last release?
python -m benchmarks costs               arithmetic: costs as work grows
"""

import argparse
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks import (
    beside,
    compare,
    costs,
    fold,
    freshness,
    ingest,
    older,
    ratios,
    replay,
    report,
    retention,
    sizes,
    stats,
)
from benchmarks.measured import places
from benchmarks.peers import all as peers
from benchmarks.table import Row, kept, markdown
from domain.version import VERSION

SINGLE_EVENTS = int(os.environ.get("SINGLE_EVENTS", "1000000"))
EXPIRED_ROWS = int(os.environ.get("EXPIRED_ROWS", "10000000"))
COMPARED_ROWS = int(os.environ.get("COMPARED_ROWS", "10000000"))
STATS_ROWS = int(os.environ.get("STATS_ROWS", "10000000"))
HISTORY_ROWS = os.environ.get("HISTORY_ROWS", "1000000,10000000,50000000")
_PROMISED = "what it promises"
_OLDER_EVENTS = 1_000_000
_MOST_RUNS = 20
_MOST_SECONDS = 60.0

Benchmark = Callable[[int, float], Awaitable[list[Row]]]
"""Of so many runs, of so many seconds where it is a load."""

BENCHMARKS: dict[str, Benchmark] = {
    "beside": lambda runs, seconds: beside.beside(places(), runs, seconds),
    "sizes": lambda _, __: sizes.sizes(),
    "older": lambda runs, _: older.older(places()[-1], runs, _OLDER_EVENTS),
    "ingest-single": ingest.single,
    "ingest-locked": ingest.locked,
    "ingest-multi": ingest.multi,
    "fold": lambda runs, _: fold.repeating(runs),
    "fold-viewers": lambda runs, _: fold.viewers(runs),
    "fold-distinct": lambda runs, _: fold.distinct(runs),
    "fold-long": lambda _, __: fold.long_addresses(),
    "freshness": lambda runs, _: freshness.freshness(runs, 15.0),
    "replay": lambda runs, _: replay.full_batches(runs),
    "replay-single": lambda _, __: replay.single_events(SINGLE_EVENTS),
    "report": report.report,
    "retention": lambda _, __: retention.drop(EXPIRED_ROWS, 20.0),
    "stats": lambda _, seconds: stats.stats(STATS_ROWS, seconds),
    "compare": lambda runs, _: compare.compare(runs, COMPARED_ROWS),
    "fold-history": lambda runs, _: retention.fold_history(runs, HISTORY_ROWS, 500_000),
}
PEERS: dict[str, Benchmark] = {"peers": peers.peers}
# Of these it is known how long they take; the others take minutes each.
LENGTHS: dict[str, Callable[[int, float], float]] = {
    "beside": lambda runs, seconds: beside.length(len(places()), len(beside.LOADS), runs, seconds),
    "older": lambda runs, _: older.length(runs, _OLDER_EVENTS),
    "peers": peers.length,
}


def main(given: argparse.Namespace) -> int:
    """The exit code."""
    names = given.names or [*BENCHMARKS, *(PEERS if os.environ.get("PEERS") == "1" else ())]
    if names == ["costs"]:
        print(costs.markdown())
        return 0
    if names[0] == "check":
        return uvloop.run(_check(given, names[1:]))
    return uvloop.run(_measure(given, names))


async def _measure(given: argparse.Namespace, names: list[str]) -> int:
    _say_how_long(names, given.runs, given.seconds)
    rows: list[Row] = []
    promised: list[Row] = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        found = await (BENCHMARKS | PEERS)[name](given.runs, given.seconds)
        (promised if name in PEERS else rows).extend(found)
        for row in found:
            print(f"  {row.name}: {row.value}", file=sys.stderr, flush=True)
        if given.save:
            # After each: what was measured is kept when a later one ends the call.
            ratios.save(kept(found), VERSION, beside.RELEASE, _today(), ratios.FOLDER)
    for table, third in ((rows, "wanted"), (promised, _PROMISED)):
        if table:
            print(markdown(table, third))
    return 0


def _say_how_long(names: list[str], runs: int, seconds: float) -> None:
    for name in names:
        if name in LENGTHS:
            minutes = LENGTHS[name](runs, seconds) / 60
            print(f"{name}: about {minutes:.0f} min on an idle machine", file=sys.stderr)


async def _check(given: argparse.Namespace, files: list[str]) -> int:
    """Compare a file, or a quick run of what matters most, with the last release's file."""
    last = ratios.last_release(VERSION, ratios.FOLDER)
    if last is None:
        print(f"no release before {VERSION} has a file in {ratios.FOLDER}")
        return 0
    newest = ratios.read(Path(files[0])).ratios if files else await _quick(given)
    for name in ratios.left_out(newest, last):
        print(f"not measured: {name}", file=sys.stderr)
    fallen = ratios.fallen(newest, last)
    for sentence in fallen:
        print(sentence)
    compared = len(last.ratios.keys() & newest.keys())
    print(f"{compared} ratios compared with {last.version}: {len(fallen)} fell by over a fifth")
    return 1 if fallen or not compared else 0


async def _quick(given: argparse.Namespace) -> dict[str, float]:
    runs, seconds, loads = min(given.runs, 3), min(given.seconds, 2.0), (64,)
    minutes = beside.length(1, len(loads), runs, seconds) / 60
    print(f"a quick run: about {minutes:.0f} min on an idle machine", file=sys.stderr)
    found = await beside.beside(places()[:1], runs, seconds, loads)
    return {ratio.name: ratio.value for ratio in kept(found)}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _between(least: float, most: float, kind: Callable[[str], float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not least <= (found := kind(text)) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}")
        return found

    return read


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", help=", ".join(BENCHMARKS | PEERS))
    parser.add_argument("--save", action="store_true", help="keep the ratios for this version")
    runs, seconds = _between(1, _MOST_RUNS, int), _between(0.5, _MOST_SECONDS, float)
    parser.add_argument("--runs", type=runs, default=os.environ.get("RUNS", "5"))
    parser.add_argument("--seconds", type=seconds, default=os.environ.get("LOAD_SECONDS", "4"))
    found = parser.parse_args()
    alone = found.names == ["costs"] or found.names[:1] == ["check"]
    unknown = [] if alone else [n for n in found.names if n not in BENCHMARKS | PEERS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]}: choose of {', '.join(BENCHMARKS | PEERS)}")
    return found


def _ended(*_: object) -> None:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    # Servers of its own go with it.
    signal.signal(signal.SIGTERM, _ended)
    try:
        sys.exit(main(_arguments()))
    except ratios.Unreadable as error:
        sys.exit(str(error))
