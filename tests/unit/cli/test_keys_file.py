"""The file of keys: read again, never half, and what is known outlives what is broken."""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.processes.keys_file import LOOK_SECONDS, KeysFile, changing, read_file
from domain.errors import SettingsError
from domain.key_ring import Key, Ring
from domain.key_secrets import id_of
from domain.key_texts import MAX_TEXT_BYTES, keys_text
from tests.keys import key, numbered

ONE, TWO, THREE = (numbered(number) for number in range(3))


class File:
    """A file of keys with somebody who reads it, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys"
        self.now = 0.0
        self.write(ONE)
        self.read = KeysFile(self.path, (), lambda: self.now)

    def write(self, *secrets: str) -> None:
        """As the verb does."""
        with changing(self.path) as write:
            write(map(key, secrets))

    def known(self, after: float = LOOK_SECONDS) -> Sequence[bool]:
        """Which of the three, so many seconds later."""
        self.now += after
        ring = self.read.ring()
        return [ring.key_of(secret) is not None for secret in (ONE, TWO, THREE)]


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path)


def test_keys_come_and_go_without_a_start(file: File) -> None:
    assert file.known() == [True, False, False]
    file.write(ONE, TWO)
    assert file.known() == [True, True, False]
    file.write(TWO)
    assert file.known() == [False, True, False]
    file.write()
    assert file.known() == [False, False, False]


def test_the_file_is_looked_at_once_a_second_at_most(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    stat = Path.stat

    def counted(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        looks.append(path.name)
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", counted)
    for _ in range(100):
        file.known(after=LOOK_SECONDS / 50)
    assert looks.count("keys") == 2


def test_a_file_that_was_written_over_in_its_place_is_read_again(file: File) -> None:
    # The same size, as quickly as it goes.
    file.path.write_text(keys_text([key(TWO)]))
    assert file.known() == [False, True, False]


def _remove(path: Path) -> None:
    path.unlink()


def _break(path: Path) -> None:
    path.write_text(path.read_text()[:-5])


def _lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n" * MAX_TEXT_BYTES)


def _be_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _be_another_s(path: Path) -> None:
    text = path.read_text()
    path.unlink()
    # Root may read anything; what leads nowhere it cannot follow either.
    path.symlink_to(path.parent / "locked" / "keys")
    (path.parent / "locked").write_text(text)


def _be_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


TROUBLES = [
    (_be_a_pipe, "is broken: it is a pipe, which cannot be read again"),
    (_remove, "is not there"),
    (_break, "is broken: line 2 is no key"),
    (_lengthen, "is broken: it is over 1,000,000 bytes"),
    (_be_a_folder, "cannot be read: Is a directory"),
    (_be_another_s, "cannot be read: Not a directory"),
]


@pytest.mark.parametrize(("spoil", "said"), TROUBLES)
def test_what_was_known_outlives_a_file_that_is_gone_or_broken(
    file: File, spoil: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(spoil)
    spoil(file.path)
    for _ in range(5):
        assert file.known() == [True, False, False]
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert said in told.getMessage()
    assert told.getMessage().endswith("; the keys stay as they were")
    if file.path.is_dir():
        file.path.rmdir()
    file.path.unlink(missing_ok=True)
    file.write(TWO)
    assert file.known() == [False, True, False]


@pytest.mark.parametrize(("spoil", "said"), TROUBLES)
def test_a_file_that_cannot_be_read_at_the_start_is_refused(
    file: File, spoil: object, said: str
) -> None:
    assert callable(spoil)
    spoil(file.path)
    with pytest.raises(SettingsError, match=said):
        KeysFile(file.path, (), lambda: 0.0)


def test_keys_of_variables_stay_beside_those_of_the_file(tmp_path: Path) -> None:
    file = File(tmp_path)
    file.read = KeysFile(file.path, [key(THREE)], lambda: file.now)
    file.write(TWO)
    assert file.known() == [False, True, True]


def test_a_key_in_the_file_and_in_a_variable_is_told_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = File(tmp_path)
    file.read = KeysFile(file.path, [key(THREE)], lambda: file.now)
    file.write(THREE)
    assert file.known() == [True, False, True]
    assert f"the key {id_of(THREE)} is there twice" in caplog.text


def test_it_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file = File(tmp_path)
    finally:
        os.umask(before)
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o640), (0o666, 0o640), (0o400, 0o600)])
def test_a_group_that_could_read_it_still_can_and_nobody_else(
    file: File, before: int, after: int
) -> None:
    file.path.chmod(before)
    file.write(ONE, TWO)
    assert file.path.stat().st_mode & 0o777 == after


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_root_leaves_it_to_whom_it_belongs(file: File) -> None:
    os.chown(file.path, 12_345, 12_346)
    file.write(ONE, TWO)
    found = file.path.stat()
    assert (found.st_uid, found.st_gid) == (12_345, 12_346)


def test_what_a_link_leads_to_is_written(file: File) -> None:
    link = file.path.with_name("link")
    link.symlink_to(file.path)
    with changing(link) as write:
        write([key(TWO)])
    assert link.is_symlink()
    assert file.known() == [False, True, False]


KILLED = """
import os, signal, sys
from pathlib import Path
from cli.processes.keys_file import changing
from tests.keys import key, numbered

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{point} = kill
with changing(Path(sys.argv[1])) as write:
    write([key(numbered(2))])
"""


@pytest.mark.parametrize("point", ["os.fchmod", "os.fsync", "os.replace"])
def test_a_writer_that_is_killed_leaves_the_file_whole_and_the_next_one_goes_on(
    file: File, point: str
) -> None:
    command = [sys.executable, "-c", KILLED.format(point=point), str(file.path)]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert file.path.with_name("keys.part").exists()
    assert file.known() == [True, False, False]
    file.write(ONE, TWO)
    assert file.known() == [True, True, False]
    assert [each.name for each in file.path.parent.iterdir()] == ["keys"]


ADDING = """
import sys
from pathlib import Path
from cli.processes.keys_file import changing, read_file
from tests.keys import key, numbered

path = Path(sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 10):
    with changing(path) as write:
        write([*read_file(path).keys, key(numbered(number))])
"""


def test_of_keys_that_are_made_at_once_none_is_lost(file: File) -> None:
    commands = [
        [sys.executable, "-c", ADDING, str(file.path), str(first)] for first in (100, 200, 300)
    ]
    running = [subprocess.Popen(command) for command in commands]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert len(read_file(file.path).keys) == 31


def test_whoever_reads_beside_a_writer_never_sees_a_part(file: File) -> None:
    many: list[Key] = [key(numbered(number)) for number in range(50)]
    command = [sys.executable, "-c", ADDING, str(file.path), "100"]
    with changing(file.path) as write:
        write(many)
    writing = subprocess.Popen(command)
    seen: set[int] = set()
    while writing.poll() is None:
        ring: Ring = read_file(file.path)
        seen.add(len(ring.keys))
    assert writing.returncode == 0
    assert min(seen) >= len(many)
