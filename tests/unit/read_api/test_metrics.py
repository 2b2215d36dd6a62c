from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.letters import LetterCounts
from domain.ownership import Trouble
from domain.reports import AuditResult, Facts
from read_api.metrics import exposition


def test_a_difference_an_audit_found_is_a_metric() -> None:
    facts = Facts(2, 480_000, 1, [], [AuditResult(2, "totals", 1_752_660_000_000, -3)])
    text = exposition(facts).decode()
    assert 'footfall_audit_difference{generation="2",kind="totals"} -3.0' in text
    assert 'footfall_audit_timestamp_seconds{generation="2",kind="totals"} 1.75266e+09' in text


def test_a_horizon_is_told_once_something_has_expired() -> None:
    name = "footfall_horizon_timestamp_seconds"
    assert name not in exposition(Facts(1, -20_000_000, 0, [], [])).decode()
    assert f"{name} 1.728e+09" in exposition(Facts(1, 480_000, 0, [], [])).decode()


def test_what_is_folded_is_told_by_partition() -> None:
    checkpoint = Checkpoint(
        Generation(1), Partition(7), Offset(5), Epoch(1), events=12, views=30, recorded_ms=2_000,
        complete_ms=3_250,
    )  # fmt: skip
    lines = exposition(Facts(1, 0, 0, [checkpoint], [])).decode().splitlines()
    assert 'footfall_folded_events_total{partition="7"} 12.0' in lines
    assert 'footfall_folded_views_total{partition="7"} 30.0' in lines
    assert 'footfall_folded_recorded_timestamp_seconds{partition="7"} 2.0' in lines
    name = "footfall_complete_until_timestamp_seconds"
    assert f'{name}{{partition="7"}} 3.25' in lines
    assert "footfall_live_generation 1.0" in lines


def test_a_clock_that_jumped_is_a_metric() -> None:
    facts = Facts(1, 0, 0, [], [], clock_ahead_ms=86_400_000)
    assert "footfall_clock_ahead_seconds 86400.0" in exposition(facts).decode()


def test_dead_letters_are_metrics() -> None:
    facts = Facts(1, 0, 9, [], [], letters=LetterCounts(9, 12_000, 4, 2))
    lines = exposition(facts).decode().splitlines()
    for name, value in (("s", 9), ("_bytes", 12_000), ("s_by_clock", 4), ("s_left_out", 2)):
        assert f"footfall_dead_letter{name} {float(value)}" in lines


def test_partitions_that_are_not_folded_are_told() -> None:
    folded = [Checkpoint(Generation(1), Partition(p), Offset(5), Epoch(1)) for p in (0, 1)]
    troubles = {
        Partition(1): Trouble(stopped=True, reason="gone"),
        Partition(7): Trouble(stopped=False, reason="away"),
    }
    lines = exposition(Facts(1, 0, 0, folded, [], troubles)).decode().splitlines()
    for partition, stopped, waiting in ((0, 0, 0), (1, 1, 0), (7, 0, 1)):
        assert f'footfall_partition_stopped{{partition="{partition}"}} {stopped}.0' in lines
        assert f'footfall_partition_waiting{{partition="{partition}"}} {waiting}.0' in lines
