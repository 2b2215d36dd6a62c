"""What people run, unchanged from npm, at the versions of a package-lock.json."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import npm_command

_DECLARATION = ("package.json", "package-lock.json")
_FOLDER = Path(".services").resolve()


class NotReached(Exception):
    """npm could not bring what is declared, and has said why."""


def installed(folder_of_lock: Path = Path(__file__).parent) -> Path:
    """The folder of their modules; without CI=true a test is skipped where npm brings none."""
    try:
        return brought(folder_of_lock)
    except NotReached as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def brought(folder_of_lock: Path) -> Path:
    """Likewise; what npm did for the same lock is not done again. Raises `NotReached`."""
    declared = [folder_of_lock / name for name in _DECLARATION]
    content = b"".join(file.read_bytes() for file in declared)
    folder = _FOLDER / f"clients-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Tests of several processes ask for the same.
        fcntl.flock(lock, fcntl.LOCK_EX)
        # npm writes it last.
        if not (folder / "node_modules/.package-lock.json").exists():
            for file in declared:
                shutil.copy(file, folder)
            _bring(folder)
    return folder / "node_modules"


def _bring(folder: Path) -> None:
    npm = npm_command()
    if npm is None:
        raise NotReached("there is no npm")
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotReached(f"npm brought nothing (no way to its registry?): {done.stderr[-500:]}")
