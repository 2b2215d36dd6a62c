"""Whatever happens between a view and its row, the view is counted once, on every backend."""

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import PRODUCTION
from tests.contract.machine.backend import host
from tests.contract.machine.counted_once import WITHOUT_SHRINKING, CountedOnce

EFFORT = {
    "fake": hypothesis_settings(max_examples=100, stateful_step_count=40),
    "embedded": hypothesis_settings(
        max_examples=12, stateful_step_count=30, phases=WITHOUT_SHRINKING
    ),
    "production": hypothesis_settings(
        max_examples=12, stateful_step_count=25, phases=WITHOUT_SHRINKING
    ),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", ["fake", "embedded", PRODUCTION])
def test_every_view_is_counted_once(name: str, tmp_path: Path) -> None:
    with host(name, tmp_path) as found:
        run_state_machine_as_test(lambda: CountedOnce(found), settings=EFFORT[name])  # type: ignore[arg-type]
