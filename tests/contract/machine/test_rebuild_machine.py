"""Whatever happens to generations, the reports stay the log's."""

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import PRODUCTION
from tests.contract.machine.backend import host
from tests.contract.machine.counted_once import WITHOUT_SHRINKING
from tests.contract.machine.rebuilt import Rebuilt

EFFORT = {
    "embedded": hypothesis_settings(
        max_examples=12, stateful_step_count=30, phases=WITHOUT_SHRINKING
    ),
    "production": hypothesis_settings(
        max_examples=8, stateful_step_count=25, phases=WITHOUT_SHRINKING
    ),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", ["embedded", PRODUCTION])
def test_every_view_is_counted_once_whatever_happens_to_generations(
    name: str, tmp_path: Path
) -> None:
    with host(name, tmp_path) as found:
        run_state_machine_as_test(lambda: Rebuilt(found), settings=EFFORT[name])  # type: ignore[arg-type]
