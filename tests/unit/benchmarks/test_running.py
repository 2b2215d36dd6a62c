"""What `python -m benchmarks` is asked for, before anything is measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.ratios import FOLDER
from cli.processes.safe_path import ROOT

RELEASE = FOLDER / "0.2.0.json"


def run(*arguments: str) -> tuple[int, str]:
    """Its exit code, and what it says."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_release_compared_with_itself_has_not_fallen() -> None:
    code, told = run("check", str(RELEASE))
    assert code == 0, told
    assert "0 fell" in told


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("", "truncated"),
        ('{"version":"9","measured":"","ratios":{"else":1}}', "0 ratios compared"),
        ('{"version":"9","measured":"","ratios":{"footfall --help / 0.2.0":0.7}}', "by 30%"),
    ],
)
def test_a_check_fails_where_ratios_fell_or_nothing_is_compared(
    tmp_path: Path, content: str | None, says: str
) -> None:
    file = tmp_path / "new.json"
    if content is not None:
        file.write_text(content)
    code, told = run("check", str(file))
    assert code == 1
    assert says in told
    assert "Traceback" not in told


def test_costs_stand_alone() -> None:
    code, told = run("fold", "costs")
    assert code == 2
    assert "costs" in told
    assert "Traceback" not in told
