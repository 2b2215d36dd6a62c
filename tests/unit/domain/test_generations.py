"""What of the past the log can give back, and which checkpoints a promotion may replace."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import Audit, Diff, behind, complete_from
from domain.hours import HOUR_MS, MAX_AHEAD_MS, hour_of
from tests.factories import TEN

# Clocks of ingest hosts, and batches that wait for a slow broker.
UNORDERED_MS = HOUR_MS
MOMENTS = st.integers(TEN, TEN + 100 * HOUR_MS)


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[int, int]]:
    """When each entry of a partition was recorded, and the moment it counts.

    Nothing is recorded longer before its moment than ingest allows; entries stand in the order of
    their recording but for what clocks may differ.
    """
    real = sorted(draw(st.lists(MOMENTS, min_size=1, max_size=12)))
    entries = []
    for moment in real:
        recorded = moment + draw(st.integers(-UNORDERED_MS // 2, UNORDERED_MS // 2))
        entries.append((recorded, recorded + draw(st.integers(-50 * HOUR_MS, MAX_AHEAD_MS))))
    return entries


@given(st.lists(logs(), min_size=1, max_size=3), st.data())
def test_no_event_of_a_complete_hour_was_ever_deleted(
    partitions: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    cuts = [data.draw(st.integers(0, len(log) - 1)) for log in partitions]
    firsts = [log[cut][0] for log, cut in zip(partitions, cuts, strict=True) if cut]
    complete = complete_from(firsts)
    deleted = [at for log, cut in zip(partitions, cuts, strict=True) for _, at in log[:cut]]
    if complete is None:
        assert not deleted
    else:
        assert all(hour_of(at_ms) < complete for at_ms in deleted)


def test_all_is_complete_where_nothing_was_deleted() -> None:
    assert complete_from([]) is None


def test_the_partition_that_lost_most_decides() -> None:
    assert complete_from([TEN, TEN + HOUR_MS]) == complete_from([TEN + HOUR_MS])
    assert complete_from([TEN]) == hour_of(TEN) + 3


def checkpoint(partition: int, next_offset: int) -> Checkpoint:
    return Checkpoint(Generation(1), Partition(partition), Offset(next_offset), Epoch(1))


CHECKPOINTS = st.dictionaries(st.integers(0, 4), st.integers(0, 3)).map(
    lambda found: {Partition(p): checkpoint(p, offset) for p, offset in found.items()}
)


@given(CHECKPOINTS, CHECKPOINTS)
def test_behind_are_the_partitions_that_would_step_back(
    live: dict[Partition, Checkpoint], new: dict[Partition, Checkpoint]
) -> None:
    offsets = {p: found.next_offset for p, found in new.items()}
    expected = [p for p, found in live.items() if offsets.get(p, 0) < found.next_offset]
    assert behind(live.values(), new) == expected


def test_an_audit_accounts_for_what_expired_and_what_was_carried_over() -> None:
    audit = Audit(Generation(1), rows_views=70, expired_views=20, folded_views=60, carried_views=30)
    assert audit.difference == 0
    assert Audit(Generation(1), 70, 20, 60, 31).difference == -1


def test_differences_beside_pages_are_differences() -> None:
    same = Diff(Generation(1), Generation(2), Hour(0), 1, 1, 1, 1, 0, [])
    assert not same.differs
    assert replace(same, differing_beside=1).differs
    assert replace(same, differing=1).differs
