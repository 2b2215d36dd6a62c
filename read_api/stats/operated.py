"""What is known of operations, in the words of the answer."""

from collections.abc import Iterator

from domain.agents.lists import lists_of
from domain.checkpoint import Checkpoint, at_start, lag
from domain.events import Hour
from domain.generations import GenerationInfo
from domain.hours import as_iso, as_moment
from domain.jobs import REPLAY
from domain.operations import Operations as Found
from domain.operations import folding_of, phase_of, views_of
from domain.stats.state import PartitionState
from read_api.stats.last_known import Seen, Silence
from read_api.stats.log_ends import Ends
from read_api.stats.operations_shapes import (
    Job,
    Log,
    OperatedAudit,
    OperatedGeneration,
    OperatedPartition,
    Operations,
    Projector,
    Rebuild,
    Retention,
)
from read_api.stats.state import told_state
from read_api.stats.state_shapes import Partition, State
from read_api.stats.telling import complete_text


def told_operations(seen: Seen[Found], ends: Ends, retention_days: int) -> Operations:
    """All of it but what was refused; 0 days: for ever."""
    found = seen.found
    state = told_state(
        Seen(found.state if found else None, seen.age_ms, seen.silence), retention_days
    )
    partitions = _partitions(found, state, ends) if found else []
    behind = [one.behind for one in partitions if one.behind is not None]
    return Operations(
        known_at=state.known_at,
        database=state.database,
        log=_log(ends.silence),
        generation=state.generation,
        complete_until=state.complete_until,
        lag_seconds=state.lag_seconds,
        horizon=state.horizon,
        behind=sum(behind) if behind and len(behind) == len(partitions) else None,
        partitions=partitions,
        projectors=[*_projectors(found, seen.age_ms)] if found else [],
        generations=[_generation(found, info) for info in found.generations] if found else [],
        building=_building(found, state) if found else None,
        retention=_retention(found, state),
        jobs=[Job(name=name, owner=found.jobs[name]) for name in sorted(found.jobs)]
        if found
        else [],
        audits=[*_audits(found)] if found else [],
        dead_letters=state.dead_letters,
    )


def _log(silence: Silence | None) -> Log:
    if silence is None:
        return Log(answers=True)
    return Log(answers=False, since=as_moment(silence.since_ms), reason=silence.reason)


def _partitions(found: Found, state: State, ends: Ends) -> list[OperatedPartition]:
    folded = {one.partition: one for one in found.checkpoints.get(found.live, ())}
    return [
        _partition(
            known,
            told,
            folded.get(known.partition) or at_start(found.live, known.partition),
            ends,
            found.ownership.owners.get(known.partition),
        )
        for known, told in zip(found.state.partitions, state.partitions, strict=True)
    ]


def _partition(
    known: PartitionState, told: Partition, folded: Checkpoint, ends: Ends, owner: str | None
) -> OperatedPartition:
    bounds = ends.bounds.get(known.partition)
    behind = lag(bounds, folded) if bounds else None
    return OperatedPartition(
        partition=known.partition,
        state=folding_of(known.trouble, behind),
        owner=owner,
        complete_until=told.complete_until,
        lag_seconds=told.lag_seconds,
        behind=behind,
        folded_to=folded.next_offset,
        log_first=bounds.first if bounds else None,
        log_end=bounds.end if bounds else None,
        events=folded.events,
        views=folded.views,
        duplicates=folded.duplicates,
        forks=folded.forks,
        jumps=folded.jumps,
        stopped=told.stopped,
        reason=told.reason,
        since=told.since,
        stands_still=told.stands_still or None,
    )


def _projectors(found: Found, age_ms: int) -> Iterator[Projector]:
    now_ms = found.state.watermark.now_ms + age_ms
    for name in found.ownership.projectors:
        yield Projector(
            name=name,
            version=found.ownership.versions.get(name),
            partitions=sorted(p for p, owner in found.ownership.owners.items() if owner == name),
            seen_seconds_ago=max(0, now_ms - found.heard_ms[name]) / 1_000,
        )


def _generation(found: Found, info: GenerationInfo) -> OperatedGeneration:
    kept = info.state == "previous" and info.kept_until_ms
    return OperatedGeneration(
        generation=info.generation,
        state=info.state,
        purpose=info.purpose,
        created=as_moment(info.created_ms),
        complete_until=complete_text(info.complete_ms),
        views=views_of(info, found.checkpoints.get(info.generation, ())),
        expired_views=info.expired_views,
        page_rules=info.page_rules,
        agent_lists=lists_of(info.agent_lists),
        carried_before=_hour(info.carried_before),
        keep_until=as_moment(kept) if kept else None,
    )


def _hour(hour: Hour | None) -> str | None:
    return None if hour is None else as_iso(hour)


def _building(found: Found, state: State) -> Rebuild | None:
    building = found.state.building
    if building is None:
        return None
    phase = phase_of(building, found.days)
    at: tuple[int, int] = (building.done, building.total)
    if phase == "adding-up":
        at = (found.days.done, found.days.total)
    done, total = at
    return Rebuild(
        generation=building.info.generation,
        state=building.info.state,
        purpose=building.info.purpose,
        phase=phase,
        since=as_moment(building.info.created_ms),
        done=done,
        total=total,
        progress=done / total if total else None,
        held_by=found.jobs.get(REPLAY),
    )


def _retention(found: Found | None, state: State) -> Retention:
    known = found.known if found else None
    return Retention(
        days=state.retention_days,
        horizon=state.horizon,
        believed_until=as_moment(known.believed_ms) if known and known.believed_ms else None,
        clock_ahead_seconds=known.ahead_ms // 1_000 if known else 0,
    )


def _audits(found: Found) -> Iterator[OperatedAudit]:
    for one in found.state.facts.audits:
        yield OperatedAudit(
            generation=one.generation,
            kind=one.kind,
            at=as_moment(one.checked_ms),
            difference=one.difference,
        )
