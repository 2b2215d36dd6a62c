"""Whose the embedded files are."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.processes.folder import require_folder
from cli.wiring.migrate import migrate
from tests.conftest import embedded


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("looked_at", [True, False])
async def test_what_is_made_is_its_users_alone(umask: int, looked_at: bool, tmp_path: Path) -> None:
    settings = embedded(tmp_path / "a" / "b")
    if looked_at:
        require_folder(settings)
    await migrate(settings)
    folder = settings.data_dir
    made = [folder.parent, folder]
    assert {mode(path) for path in made if path != tmp_path} == {0o700}
    assert {mode(path) for path in folder.iterdir()} == {0o600}


async def test_what_was_there_stays_as_it_is(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    settings.data_dir.chmod(0o755)
    settings.rows_file.chmod(0o640)
    await migrate(settings)
    assert (mode(settings.data_dir), mode(settings.rows_file)) == (0o755, 0o640)


@pytest.mark.parametrize("name", ["p%41x", "q?x", "h#x", "a b", "ü", "a:b", "file:x", "a/../b"])
async def test_the_files_are_in_the_folder_that_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = embedded(Path(name))
    await migrate(settings)
    assert {"log.sqlite3", "rows.sqlite3"} <= set(os.listdir(settings.data_dir))
