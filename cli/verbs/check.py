"""footfall check"""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from pathlib import Path

import click

from cli.output.agents import class_lines
from cli.output.bounds import bound_lines
from cli.output.claims import claim_lines
from cli.output.clocks import Seen, clock_lines
from cli.output.letters import check_lines
from cli.output.locks import file_lines, key_lines, open_lines, public_lines
from cli.output.partitions import (
    beyond,
    missing_line,
    old_lines,
    partition_names,
    where_right,
)
from cli.output.projectors import waiting_words
from cli.output.rights import rights_lines
from cli.output.saying import say
from cli.output.sites import site_lines
from cli.output.too_many import too_many_lines
from cli.output.troubles import trouble_lines
from cli.processes.folder import open_to_others, require_folder
from cli.processes.running import read_settings_or_exit, run
from cli.verbs import status
from cli.wiring.keys import all_keys, require_readable
from cli.wiring.process import application_name, now_ms
from cli.wiring.replicas import replication_lines
from cli.wiring.standbys import answering, report_standbys
from cli.wiring.versions import compare_versions, version_at
from domain.agents.robots import list_version
from domain.agents.viewers import FULL
from domain.errors import FootfallError, LogUnavailable, NotDeclared, SettingsError
from domain.generations import GenerationInfo
from domain.settings import Settings
from log.opening import Log, open_log
from projector.housekeeping.watch import Watch
from projector.status import PartitionStatus, Status
from rows.opening import open_rows

Layer = Callable[[], Awaitable[str | None]]
"""Returns what it has tried, where that is less than its name says."""

# Since the oldest of a partition that is not folded was recorded, before anybody wonders.
_LONG_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 2.0
# Longer than a disk that is busy takes for the least there is to commit.
_COMMIT_SECONDS = 5.0


@click.command()
def check() -> None:
    """Check every layer: versions, settings, databases, log, locks, clocks, partitions, projectors.

    The first line says which Footfall this is and at which versions the databases are. Then a line
    a layer: OK, NOTE for what is right but may surprise, WARN where the broker keeps its streams
    for another time than RETENTION_DAYS says or in large segments, a node of RabbitMQ does not
    answer, a stream has too few replicas or all of them are led by one node, NUM_PARTITIONS is
    fewer than are written, a clock is not believed, or a lock is missing or others can change it,
    or ERROR; both with what to do. Exit code 1 after an ERROR. A partition that is stopped or waits
    is an ERROR with what its projector says of it, and so is one whose log has waited for a minute
    and is not folded.

    It tries what it tells of: in RabbitMQ each partition gets a message that counts for nothing,
    and PostgreSQL has to commit one to its write-ahead log.

    locks says who comes in over HTTP, with which keys, and whether OPEN lets everybody in.
    """
    settings = read_settings_or_exit()

    async def main() -> int:
        if not await _report(f"folder ({settings.data_dir})", folder, quiet=True):
            return 1
        fits, versions = await compare_versions(settings)
        say(f"{'OK   ' if fits else 'ERROR'} version: {versions}")
        say("OK    settings")
        for line in (*kept_lines(settings.keep_user_agents), *site_lines(settings.sites)):
            say(line)
        log = open_log(settings)
        layers = [await _report(name, layer) for name, layer in _layers(settings, log).items()]
        results = [fits, *layers]
        locked = _report_locks(settings)
        if all(results):
            for line in private_lines(open_to_others(settings)):
                say(line)
            results.append(await _report_rights(settings))
            results.append(await report_standbys(settings))
            results.append(await _report_bounds(settings, log))
            results.append(await _report_replicas(settings, log))
            results.append(await _report_clocks(settings))
            results.append(await _report_fold(settings))
        elif layers[0] and "," in (settings.rabbitmq_url or ""):
            # The database answers, and which of the nodes do may be what is wrong.
            await _report_replicas(settings, log)
        return 0 if locked and all(results) else 1

    async def folder() -> None:
        require_folder(settings)

    run(main())


def _report_locks(settings: Settings) -> bool:
    try:
        lines = list(lock_lines(settings, now_ms()))
    except SettingsError as error:
        lines = [f"ERROR locks: {error}"]
    for line in lines:
        say(line)
    return not any(line.startswith("ERROR") for line in lines)


def lock_lines(settings: Settings, now: int) -> Iterator[str]:
    """What is locked and what is not. Raises `SettingsError` where keys cannot be read."""
    require_readable(settings)
    if not settings.has_keys:
        yield from open_lines(settings)
        return
    yield from key_lines(all_keys(settings), now)
    yield from public_lines(settings)
    if settings.keys_file:
        yield from file_lines(settings.keys_file)


def kept_lines(kept: str) -> Iterator[str]:
    """Whether the log is told more of viewers than it need be."""
    if kept == FULL:
        yield (
            "NOTE  user agents: KEEP_USER_AGENTS is full, whole ones are in the log for as long as "
            "views are, and many of them tell a viewer from all others: docs/privacy.md"
        )


def _layers(settings: Settings, log: Log) -> dict[str, Layer]:
    async def database() -> None:
        await version_at(settings.rows_url)
        # The name by which what it waits for is found.
        async with open_rows(settings, now_ms, name=application_name("check")) as rows:
            await rows.ping()
            await rows.require_commits(_COMMIT_SECONDS)

    async def reports() -> str:
        await version_at(settings.reports_url)
        return await answering(settings)

    async def reading() -> None:
        reader = log.reader()
        try:
            await reader.ping()
        finally:
            await reader.close()

    async def appending() -> str:
        await _require_declared(settings, log)
        writer = log.writer()
        try:
            await writer.try_all()
        finally:
            await writer.close()
        return log.tried

    rows_name = "PostgreSQL" if settings.database_url else f"SQLite in {settings.data_dir}"
    replica = {"database for reports (PostgreSQL)": reports} if settings.read_database_url else {}
    return {
        f"database ({rows_name})": database,
        **replica,
        f"log, reading ({log.name})": reading,
        f"log, appending ({log.name})": appending,
    }


async def _require_declared(settings: Settings, log: Log) -> None:
    """Before anything is tried: a shell may have another number than the service."""
    try:
        await log.require_declared()
    except NotDeclared as error:
        raise NotDeclared(f"{error} {where_right(settings.num_partitions)}") from error
    except LogUnavailable:
        # Trying it says that better.
        pass


async def _report(name: str, layer: Layer, *, quiet: bool = False) -> bool:
    try:
        tried = await layer() or ""
    except FootfallError as error:
        say(f"ERROR {name}: {error}")
        return False
    if not quiet:
        say(f"OK    {name}{tried}")
    return True


async def _report_rights(settings: Settings) -> bool:
    try:
        async with open_rows(settings, now_ms) as rows:
            rights = await rows.rights()
        lines = list(rights_lines(rights)) if rights else []
    except FootfallError as error:
        lines = [f"ERROR rights: {error}"]
    for line in lines:
        say(line)
    return not any(line.startswith("ERROR") for line in lines)


async def _report_bounds(settings: Settings, log: Log) -> bool:
    try:
        for line in await bound_lines(settings, log):
            say(line)
    except FootfallError as error:
        say(f"ERROR log, retention: {error}")
        return False
    return True


async def _report_replicas(settings: Settings, log: Log) -> bool:
    try:
        lines = await replication_lines(settings, log)
    except FootfallError as error:
        lines = [f"ERROR log, replicas: {error}"]
    for line in lines:
        say(line)
    return not any(line.startswith("ERROR") for line in lines)


async def _report_clocks(settings: Settings) -> bool:
    try:
        async with open_rows(settings, now_ms, read_only=True) as rows:
            _, known = await Watch(rows.expiry, now_ms, lambda: 0).look()
            seen = Seen(now_ms(), await rows.expiry.now_ms(), known, await rows.expiry.horizon())
        lines = list(clock_lines(seen, settings.retention_days))
    except FootfallError as error:
        lines = [f"ERROR clocks: {error}"]
    for line in lines:
        say(line)
    return not any(line.startswith("ERROR") for line in lines)


async def _report_fold(settings: Settings) -> bool:
    try:
        async with open_rows(settings, now_ms) as rows:
            entered = (await rows.leases.ownership()).owners
            facts = await rows.facts.facts()
        found = await status.ask(settings)
        lines = list(fold_lines(found, entered, settings.num_partitions, now_ms()))
        lines += check_lines(found.dead_letters)
        lines += claim_lines(found.partitions)
        lines += too_many_lines(facts)
        lines += await _backlog_lines(settings, found)
        lines += rules_lines(found, settings.page_rules)
        lines += class_lines(live_of(found).agent_lists, list_version())
    except FootfallError as error:
        lines = [f"ERROR partitions: {error}"]
    say("\n".join(lines))
    return not any(line.startswith("ERROR") for line in lines)


def private_lines(found: Sequence[Path]) -> Iterator[str]:
    """Page names hold tokens and search words; `found` is the folder first, then its files."""
    if found:
        folder, *files = (shlex.quote(str(path)) for path in found)
        chmod = "".join(f" && chmod 600 {file}*" for file in files)
        yield f"NOTE  files: others on this machine may read them: chmod 700 {folder}{chmod}"


def fold_lines(found: Status, entered: Collection[int], here: int, now: int) -> Iterator[str]:
    """What there is to say of the partitions, of which this process has `here`, and who folds."""
    if missing := missing_line(here, entered):
        yield f"ERROR partitions: {missing}"
        return
    yield f"OK    partitions ({here})"
    yield from old_lines(here, beyond(found.partitions, here, now))
    for line in trouble_lines(found.partitions):
        yield f"ERROR {line}"
    yield _projectors_line(found)


async def _backlog_lines(settings: Settings, found: Status) -> list[str]:
    """Looks twice where a projector lives and something has waited for long."""
    if not found.projectors or not any(map(_waits_long, found.partitions)):
        return []
    await asyncio.sleep(_LOOK_AGAIN_SECONDS + 2 * settings.flush_interval_ms / 1_000)
    return list(backlog_lines(found, await status.ask(settings)))


def backlog_lines(before: Status, after: Status) -> Iterator[str]:
    """Partitions that nobody folds between the two, though nothing is known to be wrong."""
    waited = {row.partition: row.checkpoint for row in before.partitions if _waits_long(row)}
    for row in after.partitions:
        if _waits_long(row) and row.checkpoint == waited.get(row.partition):
            yield (
                f"ERROR partition {row.partition}: {row.lag} offsets wait and none is folded: "
                f"look at the log of its projector ({row.owner or 'none has it'}), restart it"
            )


def _waits_long(row: PartitionStatus) -> bool:
    seconds = _LONG_SECONDS if row.lag_seconds is None else row.lag_seconds
    return bool(row.lag) and not row.error and seconds >= _LONG_SECONDS


def rules_lines(found: Status, wanted: str) -> Iterator[str]:
    """Whether the rows are counted by the rules that are set."""
    live = live_of(found)
    if live.page_rules != wanted:
        yield (
            f"NOTE  page rules: PAGE_RULES is {wanted or 'empty'}, the rows are counted by "
            f"{live.page_rules or 'none'}: footfall replay --accept-diff applies it to all of them"
        )


def live_of(found: Status) -> GenerationInfo:
    """The generation that reports read."""
    return next(info for info in found.generations if info.state == "live")


def _projectors_line(found: Status) -> str:
    if found.waiting and not found.projectors:
        return f"ERROR projectors: none is alive, {waiting_words(found.waiting)}"
    if not found.projectors:
        return "NOTE  projectors: none is alive, nothing is folded until one starts"
    if free := [row.partition for row in found.partitions if row.owner is None]:
        names = partition_names(free)
        return f"NOTE  projectors ({len(found.projectors)}): {names} without an owner now"
    return f"OK    projectors ({len(found.projectors)})"
