"""footfall verify"""

from collections.abc import Sequence
from typing import Any

import click
import msgspec
from msgspec import to_builtins

from cli.output.claims import duplicate_line
from cli.output.rebuild import Narrator
from cli.output.saying import say, say_json
from cli.processes.load_workers import LoadWorkers
from cli.processes.running import run, settings_or_exit
from cli.wiring.process import now_ms
from cli.wiring.rebuild import rebuilding
from cli.wiring.versions import require_migrated
from domain.aggregates import SumsAudit
from domain.generations import Audit, Diff
from domain.ports.rebuild import Audits
from domain.settings import Settings
from projector.housekeeping.audits import KeptWhereItCan, audit_all, audit_sums
from projector.rebuild.steps import Rebuild
from projector.rebuild.verify import verify as verify_story
from rows.opening import Rows, open_rows


@click.command()
@click.option("--deep", is_flag=True, help="Fold the log again and compare by page and hour.")
@click.option("--json", "as_json", is_flag=True, help="For machines; without --deep.")
def verify(deep: bool, as_json: bool) -> None:
    """Prove the counts, or list what is wrong with them.

    Every flush adds to the rows and, in the same transaction, to running totals beside the
    checkpoint. verify adds the rows of each generation up and holds them against these totals
    (and against what retention dropped or a rebuild carried over). It reads, in one snapshot,
    nothing but the database, and can run at any time. The sums of days and months that statistics
    are answered from are held against the rows, page by page, as far as they are said to be true.

    With --deep the log itself is the witness: it is folded again, by the live generation's own
    rules, into a generation beside, compared by page and hour at the same offsets (and by class of
    viewers, where one list of robots has classed both), and dropped.
    That costs what footfall replay --dry-run costs. Hours whose events the log no longer holds
    whole cannot be compared; how many these are is said, and where nothing else is left, verify
    fails.

    The result is kept for /metrics. Exit code 1 on any difference. A standby can be verified too,
    but for --deep: the result is printed and kept nowhere.
    """
    settings = settings_or_exit()
    run(_deep(settings) if deep else _totals(settings, as_json=as_json))


async def _totals(settings: Settings, *, as_json: bool) -> int:
    await require_migrated(settings)
    async with open_rows(settings, now_ms) as rows:
        kept = KeptWhereItCan(rows.audits)
        audits, sums = await _compared(rows, kept)
        if kept.refused and _wrong(audits, sums):
            # There, a month that is dropped meanwhile on the primary is missing from one side.
            audits, sums = await _compared(rows, kept)
    if kept.refused:
        say("NOTE  the server takes no writes: /metrics is not told of this result", err=True)
    if as_json:
        say_json(msgspec.json.encode(_told(audits, sums)).decode())
        for one in sums:
            if one.differing:
                say(_sums_line(one), err=True)
    else:
        lines = [line for audit in audits for line in _lines(audit)]
        say("\n".join([*lines, *(_sums_line(one) for one in sums if one.days)]))
    return 1 if _wrong(audits, sums) else 0


async def _compared(rows: Rows, kept: Audits) -> tuple[Sequence[Audit], Sequence[SumsAudit]]:
    audits = await audit_all(rows.generations, rows.comparison, kept)
    return audits, await audit_sums(rows.generations, rows.sums_audits, kept, by_page=True)


def _wrong(audits: Sequence[Audit], sums: Sequence[SumsAudit]) -> bool:
    return any(audit.is_wrong for audit in audits) or any(audit.differing for audit in sums)


def _told(audits: Sequence[Audit], sums: Sequence[SumsAudit]) -> list[dict[str, Any]]:
    """A generation each: its totals, and what of its sums was looked at and is wrong."""
    found = {one.generation: one for one in sums}
    return [
        {**to_builtins(audit), "sums": to_builtins(found.get(audit.generation))} for audit in audits
    ]


def _sums_line(audit: SumsAudit) -> str:
    verdict = "OK   " if not audit.differing else "ERROR"
    parts = [f"sums of days {audit.days:,}, of whole months {audit.months:,}"]
    if audit.differing:
        parts.append(f"{audit.differing:,} are wrong: footfall roll-up --again makes them anew")
    return f"{verdict} generation {audit.generation}: {', '.join(parts)}"


def _lines(audit: Audit) -> list[str]:
    found = [_line(audit)]
    return [*found, _line(audit.beside, "beside pages, ")] if audit.beside else found


def _line(audit: Audit, of: str = "") -> str:
    verdict = "OK   " if not audit.difference else "ERROR"
    parts = [f"rows {audit.rows_views:,}", f"folded {audit.folded_views:,}"]
    if audit.expired_views:
        parts.append(f"expired {audit.expired_views:,}")
    if audit.carried_views:
        parts.append(f"carried over {audit.carried_views:,}")
    if audit.difference:
        parts.append(f"difference {audit.difference:+,} views: footfall replay rebuilds the rows")
    return f"{verdict} generation {audit.generation}: {of}{', '.join(parts)}"


async def _deep(settings: Settings) -> int:
    diffs: list[Diff] = []

    async def story(rebuild: Rebuild) -> None:
        diffs.append(await verify_story(rebuild, Narrator()))

    if code := await rebuilding(settings, LoadWorkers.one_a_core(), story):
        return code
    (diff,) = diffs
    async with open_rows(settings, now_ms) as rows:
        await rows.audits.save(diff.old, "log", diff.differing + diff.differing_beside)
        folded = await rows.generations.checkpoints(diff.old)
    say(duplicate_line(folded.values()))
    return 1 if diff.differs else 0
