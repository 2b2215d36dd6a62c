"""Each import contract of pyproject.toml breaks on a wrong import, so none has fallen asleep."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[3]
LINTER = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]


class Wrong(NamedTuple):
    """What `contract` is there to refuse in any file of `folder`."""

    contract: str
    folder: str
    imported: str


WRONG = [
    Wrong("domain", "domain", "time"),
    Wrong("domain", "domain/ports", "aio_pika"),
    Wrong("domain", "domain", "web"),
    Wrong("ports", "projector/rebuild", "sqlalchemy"),
    Wrong("ports", "projector/fold", "rows.fold"),
    Wrong("ports", "ingest", "log"),
    Wrong("ports", "read_api", "asyncpg"),
    Wrong("ports", "web", "aiosqlite"),
    Wrong("ports", "dashboard", "rows"),
    Wrong("services", "read_api", "ingest"),
    Wrong("services", "projector", "read_api"),
    Wrong("services", "importer", "ingest"),
    Wrong("services", "dashboard", "read_api"),
    Wrong("services", "read_api", "dashboard"),
    Wrong("wings", "rows/reports", "read_api"),
    Wrong("wings", "log", "projector.fold"),
    Wrong("log-and-rows", "rows/retention", "log.sqlite"),
    Wrong("log-and-rows", "log/sqlite", "rows"),
    Wrong("broker", "rows/retention", "aio_pika"),
    Wrong("broker", "log", "aiormq"),
    Wrong("database", "log/sqlite", "sqlalchemy"),
    Wrong("database", "cli/verbs", "asyncpg"),
    Wrong("files", "cli/wiring", "sqlite3"),
    Wrong("files", "log/rabbitmq", "sqlite3"),
    Wrong("http", "importer", "litestar"),
    Wrong("http", "rows/reports", "litestar"),
    Wrong("importer", "importer", "web"),
    Wrong("migrations", "migrations", "log"),
    Wrong("tables", "migrations", "rows"),
    Wrong("composition", "web", "cli"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts; each test takes away what it adds."""
    folder = tmp_path_factory.mktemp("walls")
    ignored = shutil.ignore_patterns("__pycache__")
    for package in LINTER["root_packages"]:
        shutil.copytree(REPOSITORY / package, folder / package, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


def linted(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Of `tree` and nothing else, wherever the packages are installed."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", *options],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_has_a_wrong_import() -> None:
    assert {wrong.contract for wrong in WRONG} == {found["id"] for found in LINTER["contracts"]}


def test_as_it_stands_every_contract_is_kept(tree: Path) -> None:
    found = linted(tree)
    assert found.returncode == 0, found.stdout
    assert f"{len(LINTER['contracts'])} kept, 0 broken" in found.stdout


@pytest.mark.parametrize("wrong", WRONG, ids=" ".join)
def test_a_new_file_with_a_wrong_import_breaks_its_contract(tree: Path, wrong: Wrong) -> None:
    file = tree / wrong.folder / "new.py"
    file.write_text(f"import {wrong.imported}\n")
    try:
        found = linted(tree, "--contract", wrong.contract)
    finally:
        file.unlink()
    assert found.returncode == 1, found.stdout + found.stderr
    assert "0 kept, 1 broken" in found.stdout
