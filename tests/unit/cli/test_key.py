"""footfall key: what it makes, shows and takes away, and what of it anybody sees."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.processes.keys_file import read_file
from cli.verbs.key import key
from domain.key_secrets import SECRET, id_of
from domain.keys import Right
from domain.settings import SETTINGS
from tests.keys import numbered


class Shell:
    """Runs the verb with a file of keys in a folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys"
        self.env: dict[str, str | None] = {setting.name: None for setting in SETTINGS}
        self.env["KEYS_FILE"] = str(self.path)

    def run(self, *arguments: str, **env: str) -> Result:
        return CliRunner().invoke(key, arguments, env=self.env | env)

    def made(self, *arguments: str) -> str:
        """The secret of a new key."""
        done = self.run("new", *arguments)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def listed(self, **env: str) -> list[dict[str, object]]:
        done = self.run("list", "--json", **env)
        assert done.exit_code == 0, done.output
        found: list[dict[str, object]] = json.loads(done.stdout)
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_secret_is_shown_once_alone_on_stdout_and_kept_nowhere(shell: Shell) -> None:
    done = shell.run("new", "--right", "ingest", "--name", "shop")
    secret = done.stdout.removesuffix("\n")
    assert SECRET.fullmatch(secret)
    assert done.stderr.startswith(f"key {id_of(secret)} is in ")
    for text in (shell.path.read_text(), shell.run("list").output, done.stderr):
        assert secret[12:] not in text
        assert id_of(secret) in text
    assert read_file(shell.path).key_of(secret)


def test_a_key_has_what_it_was_given(shell: Shell) -> None:
    secret = shell.made(
        "--right", "read", "--site", "b.example", "--site", "a.example",
        "--name", "Zoë", "--expires", "2127-01-31",
    )  # fmt: skip
    (found,) = shell.listed()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(found.pop("created")))
    assert found == {
        "id": id_of(secret),
        "name": "Zoë",
        "rights": ["read"],
        "sites": ["a.example", "b.example"],
        "expires": "2127-01-31T00:00:00Z",
        "revoked": None,
        "opens": True,
    }


def test_several_keys_are_good_at_once_until_one_is_revoked(shell: Shell) -> None:
    old, new = shell.made("--right", "ingest", "--right", "read"), shell.made("--right", "ingest")
    assert [each["opens"] for each in shell.listed()] == [True, True]
    done = shell.run("revoke", id_of(old))
    assert (done.exit_code, done.output) == (0, f"key {id_of(old)} is revoked\n")
    assert [(each["id"], each["opens"]) for each in shell.listed()] == [
        (id_of(old), False),
        (id_of(new), True),
    ]
    revoked = shell.listed()[0]["revoked"]
    assert shell.run("revoke", id_of(old)).exit_code == 0
    assert shell.listed()[0]["revoked"] == revoked


def test_who_revokes_by_the_secret_does_not_read_it_again(shell: Shell) -> None:
    secret = shell.made("--right", "read")
    cut = shell.run("revoke", secret[:-1])
    assert (cut.exit_code, secret[:-1] in cut.output) == (1, False)
    done = shell.run("revoke", secret)
    assert (done.exit_code, done.output) == (0, f"key {id_of(secret)} is revoked\n")
    assert [each["opens"] for each in shell.listed()] == [False]


def test_a_table_says_which_keys_open_what(shell: Shell) -> None:
    first = shell.made("--right", "read", "--site", "a.example", "--name", "x")
    second = shell.made("--right", "admin", "--expires", "2127-01-31T12:00Z")
    shell.run("revoke", id_of(first))
    header, one, two = shell.run("list").output.splitlines()
    assert header.split() == ["id", "rights", "sites", "created", "state", "name"]
    assert re.fullmatch(rf"{id_of(first)} +read +a.example +\S+ +revoked \S+ +x", one)
    assert re.fullmatch(rf"{id_of(second)} +admin +all +\S+ +until 2127-01-31T12:00:00Z", two)


def test_keys_of_variables_are_listed_by_the_name_of_the_variable(shell: Shell) -> None:
    shell.made("--right", "read")
    found = shell.listed(ADMIN_KEY=numbered(1))
    assert [(each["name"], each["rights"]) for each in found] == [
        ("", ["read"]),
        ("ADMIN_KEY", ["admin"]),
    ]


@pytest.mark.parametrize("right", [right.value for right in Right])
def test_a_line_for_env_is_printed_and_nothing_kept(shell: Shell, right: str) -> None:
    done = shell.run("new", "--right", right, "--for-env", KEYS_FILE="")
    name, _, secret = done.output.strip().partition("=")
    assert (done.exit_code, name) == (0, f"{right.upper()}_KEY")
    assert not shell.path.exists()
    assert shell.listed(KEYS_FILE="", **{name: secret})[0]["rights"] == [right]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new"], "--right"),
        (["new", "--right", "root"], "root"),
        (["new", "--right", "admin", "--site", "a"], "only a key that reads"),
        (["new", "--right", "read", "--right", "ingest", "--site", "a"], "only a key that reads"),
        (["new", "--right", "read", "--site", "https://a"], "without scheme and path"),
        (["new", "--right", "read", "--site", ""], "without scheme and path"),
        (["new", "--right", "read", "--expires", "soon"], "write a day or moment"),
        (["new", "--right", "read", "--expires", "2020-01-01"], "2020-01-01T00:00:00Z is over"),
        (["new", "--right", "read", "--expires", "0d"], "write a day or moment"),
        (["new", "--right", "read", "--name", "a\nb"], "a name has at most"),
        (["new", "--right", "read", "--for-env", "--site", "a"], "a variable says nothing"),
        (["new", "--right", "read", "--right", "ingest", "--for-env"], "a variable says nothing"),
    ],
)
def test_what_could_not_be_meant_is_refused_and_nothing_made(
    shell: Shell, arguments: list[str], said: str
) -> None:
    done = shell.run(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert not shell.path.exists()


@pytest.mark.parametrize(
    "arguments", [["new", "--right", "read"], ["revoke", "mfrggzdf"]], ids=["new", "revoke"]
)
def test_without_a_file_it_says_how_to_name_one(shell: Shell, arguments: list[str]) -> None:
    done = shell.run(*arguments, KEYS_FILE="")
    assert (done.exit_code, "KEYS_FILE is not set" in done.output) == (2, True)


def test_a_key_that_is_not_there_cannot_be_revoked(shell: Shell) -> None:
    shell.made("--right", "read")
    before = shell.path.read_bytes()
    done = shell.run("revoke", "mfrggzdf")
    assert done.exit_code == 1
    assert done.output.startswith("footfall: there is no key mfrggzdf in ")
    assert shell.path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments", [["new", "--right", "read"], ["list"], ["revoke", "mfrggzdf"]]
)
def test_a_broken_file_is_left_as_it_is(shell: Shell, arguments: list[str]) -> None:
    shell.path.write_text("{}\n")
    done = shell.run(*arguments)
    assert done.exit_code == 1
    assert "which is broken: line 1 is no key" in done.output
    assert shell.path.read_text() == "{}\n"


def test_a_folder_that_is_not_there_is_told(shell: Shell) -> None:
    done = shell.run("new", "--right", "read", KEYS_FILE=str(shell.path / "none" / "keys"))
    assert done.exit_code == 1
    assert done.output.endswith(": No such file or directory\n")


def test_no_key_is_left_that_nobody_was_shown(shell: Shell) -> None:
    command = [sys.executable, "-m", "cli", "key", "new", "--right", "read"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env={"KEYS_FILE": str(shell.path)}
        )
    assert done.returncode == 1
    assert b"no key was made" in done.stderr
    assert shell.listed() == []
