"""`make keys`: what docker compose finds in .env afterwards, and what stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.wiring.keys import all_keys, require_lock
from domain.errors import SettingsError
from domain.keys import Right
from domain.settings import from_env
from tests.deploy.compose import REPOSITORY, environment, services
from tests.keys import numbered

ROLES = ("ingest", "read-api")


def make_keys(file: Path) -> str:
    """What it says. It needs no package: the Python that runs it sees none."""
    command = [sys.executable, "-I", "-S", str(REPOSITORY / "deploy/keys.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def variables(file: Path) -> dict[str, str]:
    """As compose reads it: the last of a name counts."""
    lines = [line.removeprefix("export ") for line in file.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line]
    return {name: value.strip("'") for name, _, value in pairs}


@pytest.mark.parametrize("name", ROLES)
def test_a_role_has_a_key_for_each_right_and_starts(name: str, tmp_path: Path) -> None:
    make_keys(tmp_path / ".env")
    settings = from_env(environment(services(variables(tmp_path / ".env"))[name]))
    require_lock(settings)
    assert [each.rights for each in all_keys(settings)] == [{right} for right in Right]
    assert not settings.open_to_all


@pytest.mark.parametrize("name", ROLES)
def test_without_keys_a_role_does_not_start_unless_open_says_so(name: str) -> None:
    with pytest.raises(SettingsError, match=r"HOST is '0\.0\.0\.0'.* there are no keys"):
        require_lock(from_env(environment(services()[name])))
    require_lock(from_env(environment(services({"OPEN": "true"})[name])))


def test_secrets_are_in_the_file_alone_and_the_file_is_its_owners(tmp_path: Path) -> None:
    said = make_keys(tmp_path / ".env")
    assert said == f"{tmp_path / '.env'}: made INGEST_KEY, READ_KEY, ADMIN_KEY\n"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_what_is_there_stays_to_the_letter(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    make_keys(file)
    before = file.read_bytes()
    assert make_keys(file) == f"{file}: all keys are there already\n"
    assert file.read_bytes() == before


ONE = numbered(1)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (f"INGEST_KEY={ONE}\n", "READ_KEY, ADMIN_KEY"),
        (f"POSTGRES_PASSWORD=x\nREAD_KEY='{ONE}'", "INGEST_KEY, ADMIN_KEY"),
        (f"export ADMIN_KEY={ONE},{numbered(2)}\n", "INGEST_KEY, READ_KEY"),
        (f"#ADMIN_KEY={ONE}\nMY_ADMIN_KEY=x\n", "INGEST_KEY, READ_KEY, ADMIN_KEY"),
        ("READ_KEY=\nREAD_KEY= # none\n", "INGEST_KEY, READ_KEY, ADMIN_KEY"),
    ],
)
def test_only_what_is_missing_is_made_behind_what_is_there(
    tmp_path: Path, text: str, made: str
) -> None:
    file = tmp_path / ".env"
    file.write_text(text)
    file.chmod(0o640)
    said = make_keys(file)
    assert said.splitlines()[0] == f"{file}: made {made}"
    assert said.splitlines()[1:] == [f"others on this machine may read it: chmod 600 {file}"]
    assert file.read_text().startswith(text)
    assert file.stat().st_mode & 0o777 == 0o640
    settings = from_env(variables(file))
    assert {right for each in all_keys(settings) for right in each.rights} == set(Right)


def test_another_encoding_and_other_ends_of_lines_stay(tmp_path: Path) -> None:
    file, there = tmp_path / ".env", b"POSTGRES_PASSWORD=gr\xfcn\r\nREAD_KEY=x\r\n"
    file.write_bytes(there)
    assert "made INGEST_KEY, ADMIN_KEY" in make_keys(file)
    assert file.read_bytes().startswith(there + b"INGEST_KEY=ffk_")


def test_git_and_the_image_leave_it_out() -> None:
    assert ".env" in (REPOSITORY / ".gitignore").read_text().splitlines()
    assert "!.env" not in (REPOSITORY / ".dockerignore").read_text()
