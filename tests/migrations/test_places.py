"""Where a checkout may stand."""

import shutil
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import pytest

from tests.acceptance.processes import REPOSITORY, environment
from tests.conftest import embedded

PACKAGES = (
    "domain", "log", "rows", "ingest", "projector", "read_api", "web", "migrations", "importer",
    "cli",
)  # fmt: skip


@pytest.mark.parametrize("name", ["50%", "a%(here)s", "a b#c?d", "ü"])
async def test_a_checkout_migrates_and_starts_children_in_any_folder(
    name: str, tmp_path: Path
) -> None:
    checkout = tmp_path / name
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, checkout / package)
    settings = embedded(checkout)
    given = environment(settings, 0) | {"PYTHONPATH": ""}
    for verb in (["migrate"], ["replay", "--dry-run"]):
        process = await create_subprocess_exec(
            sys.executable, "-m", "cli", *verb, cwd=checkout, env=given, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        assert process.returncode == 0, (out + err).decode()
