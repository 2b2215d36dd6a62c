"""`make setup` leaves nothing half made, and makes good what was left by whatever ended it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


class Setup:
    """The setup of a checkout, its pip replaced by one that notes what it is asked for."""

    def __init__(self, checkout: Path) -> None:
        spec = importlib.util.spec_from_file_location(
            "install", checkout / "requirements/install.py"
        )
        assert spec is not None
        assert spec.loader is not None
        self.module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.asked: list[str] = []
        self.failure: BaseException | None = None
        self.module.__dict__.update(
            _pip=self._pip, _compile=lambda: None, _ending_in_order=nullcontext
        )
        self.venv: Path = self.module.VENV

    def _pip(self, *arguments: str, path: object = ()) -> None:
        self.asked.append(Path(arguments[-1]).name)
        if self.failure is not None:
            raise self.failure

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        """The exit code, and what was asked of pip."""
        self.asked.clear()
        return self.module.main(arguments), self.asked.copy()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "foot fall"
    shutil.copytree(REQUIREMENTS, folder / "requirements")
    return folder


@pytest.fixture
def setup(checkout: Path) -> Setup:
    return Setup(checkout)


RUNTIME = ["runtime.txt"]


def test_what_runs_is_installed_without_what_tests(setup: Setup) -> None:
    assert setup.run() == (0, RUNTIME)
    assert setup.run() == (0, [])
    assert setup.run("dev") == (0, ["dev.txt"])
    assert setup.run("dev") == setup.run() == (0, [])


def test_what_benchmarks_compare_with_is_installed_for_them_alone(setup: Setup) -> None:
    assert setup.run("dev", "peers") == (0, [*RUNTIME, "dev.txt", "peers.txt"])
    assert setup.run("dev") == setup.run("dev", "peers") == (0, [])


def test_only_what_changed_is_installed_again(setup: Setup, checkout: Path) -> None:
    setup.run("dev")
    (checkout / "requirements/dev.txt").write_text("")
    assert setup.run() == (0, [])
    assert setup.run("dev") == (0, ["dev.txt"])
    (checkout / "requirements/runtime.txt").write_text("")
    (setup.venv / "kept").touch()
    assert setup.run() == (0, RUNTIME)
    assert (setup.venv / "kept").exists()


@pytest.mark.parametrize(
    "failure",
    [KeyboardInterrupt(), SystemExit(143), subprocess.CalledProcessError(1, ["pip", "x"])],
)
def test_nothing_half_made_stays(setup: Setup, failure: BaseException) -> None:
    setup.failure = failure
    if isinstance(failure, subprocess.CalledProcessError):
        assert setup.run()[0] == 1
    else:
        with pytest.raises(type(failure)):
            setup.run()
    assert not setup.venv.exists()
    setup.failure = None
    assert setup.run() == (0, RUNTIME)


def test_an_upgrade_that_failed_is_done_again_and_costs_nothing_that_was_there(
    setup: Setup, checkout: Path
) -> None:
    setup.run()
    (checkout / "requirements/runtime.txt").write_text("")
    setup.failure = subprocess.CalledProcessError(1, ["pip", "x"])
    assert setup.run()[0] == 1
    assert (setup.venv / "bin/python").exists()
    setup.failure = None
    assert setup.run() == (0, RUNTIME)


def test_one_that_was_killed_is_made_anew(setup: Setup) -> None:
    setup.venv.mkdir()
    (setup.venv / "stray").touch()
    assert setup.run() == (0, RUNTIME)
    assert not (setup.venv / "stray").exists()


def test_a_checkout_that_was_moved_gets_a_new_one(setup: Setup, checkout: Path) -> None:
    setup.run()
    there = checkout.rename(checkout.parent / "elsewhere")
    assert Setup(there).run() == (0, RUNTIME)


def test_a_python_that_is_gone_or_another_is_noticed(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.run()
    python = setup.venv / "bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert setup.run() == (0, RUNTIME)
    monkeypatch.setattr(sys, "version", "3.99.0")
    assert setup.run() == (0, RUNTIME)


def test_a_python_without_venv_is_told_what_to_install(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert setup.run() == (1, [])
    assert "apt install python3-venv" in capsys.readouterr().err
    assert not setup.venv.exists()


def test_what_is_behind_a_link_is_left_alone(
    setup: Setup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "theirs").mkdir()
    setup.venv.symlink_to(tmp_path / "theirs")
    assert setup.run("dev") == (0, [])
    assert not any((tmp_path / "theirs").iterdir())
    (tmp_path / "theirs").rmdir()
    assert setup.run() == (1, [])
    assert "link to nowhere" in capsys.readouterr().err


def test_without_a_network_it_says_so_and_leaves_nothing(checkout: Path) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"
    }  # fmt: skip
    command = [sys.executable, str(checkout / "requirements/install.py")]
    done = subprocess.run(command, env=given | nowhere, capture_output=True, text=True)
    assert done.returncode == 1
    assert "requirements/runtime.txt could not be set up" in done.stderr
    assert "PIP_INDEX_URL or https_proxy" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()


def test_the_command_is_that_of_the_checkout_whatever_its_folder_is_called(
    setup: Setup, checkout: Path
) -> None:
    setup.run()
    (checkout / "cli").mkdir()
    (checkout / "cli/__main__.py").write_text("import sys; print(sys.argv[1:], sys.prefix)")
    command = [str(setup.venv / "bin/footfall"), "up", "a b"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == f"['up', 'a b'] {setup.venv}\n"
