"""Costs as work grows: the arithmetic, and that the page shows what it says."""

from pathlib import Path

import pytest

from benchmarks.costs import (
    SIZES,
    Size,
    cores,
    cost,
    ends,
    inputs,
    markdown,
    messages_a_second,
    occupied,
    values,
)
from domain.settings import Settings

PAGE = Path(__file__).parents[3] / "docs/costs.md"
OF = values(inputs())


def test_the_page_shows_what_the_inputs_lead_to() -> None:
    text = PAGE.read_text()
    for table in markdown().split("\n\n"):
        assert table in text, "put what `python -m benchmarks costs` prints into docs/costs.md"


def test_every_input_is_used() -> None:
    asked: set[str] = set()

    class Noted(dict[str, float]):
        def __getitem__(self, name: str) -> float:
            asked.add(name)
            return super().__getitem__(name)

    of = Noted(OF)
    for size in SIZES:
        cost(size, of)
    ends(of)
    assert asked == set(OF)


def test_inputs_that_are_settings_are_what_settings_are_without_saying() -> None:
    usual = Settings()
    assert OF["linger"] == usual.linger_ms / 1_000
    assert OF["flush"] == usual.flush_interval_ms / 1_000
    assert (OF["partitions"], OF["shards"]) == (usual.num_partitions, usual.num_shards)


def test_views_that_come_alone_are_a_message_each() -> None:
    assert messages_a_second(1.0, 1, OF) == pytest.approx(1.0, rel=0.01)


def test_however_many_views_come_a_lane_sends_no_more_than_its_linger_lets_it() -> None:
    most = OF["partitions"] / OF["linger"]
    assert most * 0.99 < messages_a_second(1e9, 1, OF) < most
    assert most * 1.98 < messages_a_second(1e9, 2, OF) < most * 2


def test_what_was_measured_is_met_and_more_work_never_takes_less() -> None:
    quiet, busy = OF["quiet_rate"], OF["busy_rate"]
    parts = ("ingest", "projector", "broker", "database")
    for rate, load in ((quiet, "quiet"), (busy, "busy")):
        measured = rate / 1_000 * sum(OF[f"{part}_{load}"] for part in parts)
        assert cores(rate, OF) == pytest.approx(measured)
    found = [cores(rate, OF) for rate in (0, 1, quiet, 500, 1_000, busy, 2 * busy)]
    assert found == sorted(found)


def test_few_views_are_a_row_each_and_many_fill_every_shard() -> None:
    assert occupied(1_000, 1, OF) == pytest.approx(1, rel=0.01)
    assert occupied(10, 1e9, OF) == pytest.approx(10 * OF["shards"])


def test_the_log_is_its_views_and_its_messages() -> None:
    found = cost(Size("one", 1e6, 10), OF)
    each = OF["view_bytes"] + OF["message_bytes"]
    assert found.log_bytes == pytest.approx(1e6 * each, rel=0.01)
