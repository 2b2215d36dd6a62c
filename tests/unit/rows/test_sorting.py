"""How much memory a month is sorted in."""

import pytest

from rows.postgresql.merging import sorting_kb

_MB = 1_024


@pytest.mark.parametrize(
    ("table_mb", "most_mb"), [(0, 8), (1, 8), (240, 12), (1_000, 24), (10_000, 80), (10**6, 256)]
)
def test_it_is_small_and_grows_with_the_root_of_the_table(table_mb: int, most_mb: int) -> None:
    assert 8 * _MB <= sorting_kb(table_mb * _MB) <= most_mb * _MB


@pytest.mark.parametrize("table_mb", [100, 1_000, 10_000, 100_000])
def test_half_of_the_runs_are_read_at_once_by_each_of_two(table_mb: int) -> None:
    memory_kb = sorting_kb(table_mb * _MB) / 2
    runs = table_mb * _MB / 2 / memory_kb
    assert runs * 264 <= memory_kb * 1.001
