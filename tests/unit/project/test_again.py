"""Which tests are run once more."""

import pytest

from tests.again import MOST, to_repeat


def test_a_few_that_failed_are_run_again() -> None:
    assert to_repeat({"tests/b.py::test_two[x]": True, "tests/a.py::test_one": True}) == [
        "tests/a.py::test_one",
        "tests/b.py::test_two[x]",
    ]


@pytest.mark.parametrize(
    "failed",
    [
        pytest.param({}, id="none"),
        pytest.param({f"tests/a.py::test_{n}": True for n in range(MOST + 1)}, id="too many"),
        pytest.param({"tests/a.py": True}, id="a module that cannot be collected"),
    ],
)
def test_else_nothing_is(failed: dict[str, bool]) -> None:
    assert to_repeat(failed) == []
