"""The folder of the embedded files, where it cannot be used."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.processes.folder import open_to_others, require_folder
from cli.verbs.check import private_lines
from cli.wiring.migrate import migrate
from domain.errors import StoreUnavailable
from domain.settings import Settings
from tests.conftest import embedded


def a_file(folder: Path) -> Path:
    folder.write_text("x")
    return folder


def below_a_file(folder: Path) -> Path:
    return a_file(folder) / "data"


def too_long(folder: Path) -> Path:
    return folder / ("a" * 300)


def no_place_for_files(_: Path) -> Path:
    # For root too.
    return Path("/proc")


def no_place_for_folders(_: Path) -> Path:
    return Path("/proc/footfall")


@pytest.mark.parametrize(
    "kind", [a_file, below_a_file, too_long, no_place_for_files, no_place_for_folders]
)
def test_a_folder_that_cannot_be_used_is_named(kind: object, tmp_path: Path) -> None:
    assert callable(kind)
    folder = kind(tmp_path / "here")
    with pytest.raises(StoreUnavailable) as caught:
        require_folder(Settings(data_dir=folder))
    message = str(caught.value)
    assert message.startswith(f"DATA_DIR is {str(folder)!r}, no files can be there: ")
    assert message.endswith("name another folder with DATA_DIR")


@pytest.mark.parametrize("name", ["rows.sqlite3", "log.sqlite3"])
@pytest.mark.parametrize("what", ["text", "folder", "torn"])
def test_a_file_that_is_not_ours_is_named(name: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / name
    match what:
        case "text":
            file.write_text("no database at all\n" * 300)
        case "folder":
            file.mkdir()
        case "torn":
            file.write_bytes(b"SQL")
    with pytest.raises(StoreUnavailable, match=f"^{file} is no .*DATA_DIR$"):
        require_folder(Settings(data_dir=tmp_path))


def test_an_empty_file_and_foreign_neighbours_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "rows.sqlite3").touch()
    (tmp_path / "readme.txt").write_text("mine")
    require_folder(Settings(data_dir=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["readme.txt", "rows.sqlite3"]


async def test_a_folder_that_was_used_is_used_again(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    require_folder(settings)
    await migrate(settings)
    require_folder(settings)


def test_nobody_looks_at_it_where_all_is_on_servers(tmp_path: Path) -> None:
    folder = below_a_file(tmp_path / "here")
    servers = Settings(data_dir=folder, database_url="postgresql+asyncpg://x", rabbitmq_url="amqp:")
    require_folder(servers)
    for one in (replace(servers, database_url=None), replace(servers, rabbitmq_url=None)):
        with pytest.raises(StoreUnavailable):
            require_folder(one)


def test_files_that_others_may_read_are_noted_where_they_get_there(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    require_folder(settings)
    settings.rows_file.touch(0o600)
    settings.log_file.touch(0o600)
    settings.data_dir.chmod(0o755)
    assert open_to_others(settings) == []
    settings.rows_file.chmod(0o640)
    assert open_to_others(settings) == [settings.data_dir, settings.rows_file]
    (line,) = private_lines(open_to_others(settings))
    assert line.startswith("NOTE  files:")
    assert f"chmod 700 {settings.data_dir} && chmod 600 {settings.rows_file}*" in line
    settings.data_dir.chmod(0o700)
    assert list(private_lines(open_to_others(settings))) == []
