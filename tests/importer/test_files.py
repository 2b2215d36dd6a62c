"""Files that change, that are named twice, and imports that go on in the middle of one."""

import bz2
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.reading import ReadingFailed, read_lines
from importer.run import Options, run_import
from importer.sending import Patience
from tests.importer.conftest import Answer, Body, Service, run
from tests.importer.packed import PACKED
from tests.importer.test_import import LINE, summary, views
from tests.servers import wait_for

LINES = [LINE % i for i in range(40_000)]
CONTENT = b"".join(LINES)


def number(page: str) -> int:
    return int(page[1:])


def read_after(path: Path, change: Callable[[], object], notes: list[str]) -> Iterator[bytes]:
    """The lines of `path`; `change` comes after the first of them."""
    lines = read_lines(str(path), note=notes.append)
    yield next(lines)
    change()
    yield from lines


@pytest.mark.parametrize("left", [0, 300_000, len(CONTENT) - 1])
def test_a_file_that_becomes_shorter_is_told(tmp_path: Path, left: int) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)
    lines: list[bytes] = []
    with pytest.raises(ReadingFailed, match=r"access\.log: the file became shorter while it was"):
        lines.extend(read_after(path, lambda: os.truncate(path, left), []))
    assert lines == [line[:-1] for line in LINES[: len(lines)]]


def test_a_file_that_is_cut_and_written_anew_is_told(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)
    with pytest.raises(ReadingFailed, match="became shorter"):
        list(read_after(path, lambda: path.write_bytes(CONTENT[:1_000]), []))


def test_a_file_that_is_cut_and_has_grown_beyond_again_is_told(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)
    with pytest.raises(ReadingFailed, match="became shorter"):
        list(read_after(path, lambda: path.write_bytes(b"new\n" + CONTENT * 2), []))


@pytest.mark.parametrize("kind", PACKED)
def test_a_packed_file_that_becomes_shorter_is_told_as_such(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "packed"
    path.write_bytes(PACKED[kind](os.urandom(300_000).hex().encode() + b"\n" + CONTENT) * 2)
    with pytest.raises(ReadingFailed, match="the file became shorter while it was read"):
        list(read_after(path, lambda: os.truncate(path, 1_000), []))


def test_a_file_that_grows_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"more\n")

    notes: list[str] = []
    assert list(read_after(path, grow, notes))[-1] == b"more"
    assert notes == []


def test_a_file_that_is_rotated_away_is_read_to_its_end_and_told(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(CONTENT)

    def rotate() -> None:
        path.rename(tmp_path / "access.log.1")
        path.write_bytes(b"new\n")

    notes: list[str] = []
    assert len(list(read_after(path, rotate, notes))) == len(LINES)
    assert len(notes) == 1
    assert "another file took its name while it was read" in notes[0]


def test_a_file_that_is_replaced_before_it_is_read_is_not(service: Service, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(LINE % 1)
    second.write_bytes(LINE % 2)

    def clock() -> float:
        # Asked for while the first file is read.
        if not (tmp_path / "c").exists():
            second.rename(tmp_path / "c")
            second.write_bytes(LINE % 3)
        return 2e9

    found = run_import(Options((str(first), str(second)), service.url, format="log"), clock)
    assert found.exit_code == 1
    assert views(service) == {"/1": 1}
    assert "/b: another file took its name after the import began; the 0 whole" in found.errors[0]


def test_a_hole_is_told_and_changes_no_exit_code(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(LINE % 1 + bytes(3_000_000) + LINE % 2)
    result = run(path, "--to", service.url, "--json")
    assert (result.exit_code, summary(result)["accepted"]) == (0, 2)
    assert "holes, 3,000,000 NUL bytes" in summary(result)["warnings"][0]
    assert "warning: " in result.stderr


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_one_file_under_two_names_is_refused(
    service: Service, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "a").write_bytes(LINE % 1)
    link(tmp_path / "a", tmp_path / "b")
    result = run(tmp_path / "a", tmp_path / "b", "--to", service.url)
    assert result.exit_code == 2
    assert "its views would count twice" in " ".join(result.stderr.split())
    assert service.requests == 0


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, bytes])
def test_the_same_lines_packed_and_not_are_refused(
    service: Service, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    (tmp_path / "b").write_bytes(LINE % 5)
    (tmp_path / "c").write_bytes(pack(CONTENT))
    result = run(*(tmp_path / name for name in "abc"), "--to", service.url)
    assert result.exit_code == 1
    assert "/c hold the same lines, which would count twice: name one" in result.stderr
    assert service.requests == 0


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content[:-1],
        lambda content: content.decode().encode("utf-16"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\n" + bytes(40), 1),
    ],
    ids=["other ends", "no last line feed", "utf-16", "mark", "hole"],
)
def test_the_same_lines_written_otherwise_are_refused(
    service: Service, tmp_path: Path, rewrite: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    (tmp_path / "b").write_bytes(rewrite(CONTENT))
    result = run(tmp_path / "a", tmp_path / "b", "--to", service.url)
    assert result.exit_code == 1
    assert "/b hold the same lines, which would count twice: name one" in result.stderr
    assert service.requests == 0


def test_a_copy_that_has_grown_since_is_warned_of(service: Service, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(CONTENT)
    (tmp_path / "new").write_bytes(CONTENT + LINE % 99_999)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "none").write_bytes(b"")
    names = [tmp_path / name for name in ("old", "new", "empty", "none")]
    result = run(*names, "--to", service.url, "--json")
    assert result.exit_code == 0
    assert len(summary(result)["warnings"]) == 1
    assert "/old and " in summary(result)["warnings"][0]
    assert "begin with the same lines" in summary(result)["warnings"][0]


@pytest.mark.parametrize("kind", [None, *PACKED])
def test_an_import_goes_on_from_a_line_of_its_first_file(
    service: Service, tmp_path: Path, kind: str | None
) -> None:
    pack = PACKED[kind] if kind else bytes
    (tmp_path / "a").write_bytes(pack(b"".join(LINES[:3_000])))
    (tmp_path / "b").write_bytes(LINES[3_000])
    result = run(
        tmp_path / "a", tmp_path / "b", "--from-line", "2001", "--to", service.url, "--json"
    )
    assert result.exit_code == 0
    assert (summary(result)["lines"], summary(result)["accepted"]) == (1_001, 1_001)
    assert set(views(service)) == {f"/{i}" for i in range(2_000, 3_001)}


def test_lines_that_are_left_out_still_say_how_the_others_are_read(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"timestamp,page,count\n" + b"2025-07-16 10:00,x,1\n" * 3)
    result = run(tmp_path / "a", "--from-line", "3", "--to", service.url, "--json")
    assert summary(result)["accepted"] == 2
    assert summary(result)["skipped"] == {}


def test_a_line_behind_the_end_is_told(service: Service, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LINE % 1)
    assert run(tmp_path / "a", "--from-line", "2", "--to", service.url).exit_code == 0
    result = run(tmp_path / "a", "--from-line", "3", "--to", service.url)
    assert result.exit_code == 1
    assert "it has no line 3" in result.stderr
    assert run(tmp_path / "a", "--from-line", "0", "--to", service.url).exit_code == 2


def test_where_a_refused_import_can_go_on_counts_every_line_once(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINES[:1_500]))
    (tmp_path / "b").write_bytes(b"".join(LINES[1_500:9_000]))
    names = (str(tmp_path / "a"), str(tmp_path / "b"))
    refused = Answer(400, {"detail": "no more"})
    service.says = lambda body: refused if min(map(number, body)) >= 2_000 else None
    found = run_import(Options(names, service.url), patience=Patience(give_up=0.0))
    assert found.exit_code == 1
    assert found.from_line is not None
    assert (found.from_line.file, found.from_line.line) == (names[1], 501)
    assert (found.from_line.accepted, found.from_line.unknown) == (0, 0)
    assert "go on with that file as the first and --from-line 501" in found.errors[-1]
    service.says = lambda _: None
    rest = run_import(Options(names[1:], service.url, from_line=501))
    assert (rest.exit_code, rest.from_line) == (0, None)
    assert views(service) == {f"/{i}": 1 for i in range(9_000)}


def test_what_is_in_doubt_is_told_with_both_lines(service: Service, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINES[:3_000]))

    def second_is_lost(body: Body) -> Answer | None:
        if "/1000" not in body:
            return None
        wait_for(lambda: len(service.bodies) == 2, "the answers to the others")
        return Answer(503, "?")

    service.says = second_is_lost
    result = run(tmp_path / "a", "--to", service.url, "--json")
    assert result.exit_code == 1
    assert summary(result)["from_line"] == {
        "file": str(tmp_path / "a"), "line": 1_001, "accepted": 1_000, "unknown": 1_000,
        "clear_file": str(tmp_path / "a"), "clear_line": 3_001,
    }  # fmt: skip
    assert "--from-line 1001 counts this part again, --from-line 3001 leaves out" in result.stderr


def test_names_that_a_terminal_would_obey_or_json_cannot_hold_are_told_harmlessly(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"\x1b[31m\xff\xc2\x9b")
    path.write_bytes(b"".join(LINES[:1_500]))
    service.says = lambda body: Answer(400, {"detail": "no"}) if "/1000" in body else None
    result = run(path, "--to", service.url, "--json")
    assert (result.exit_code, summary(result)["accepted"]) == (1, 1_000)
    assert summary(result)["from_line"]["file"] == f"{tmp_path}/\ufffd[31m\ufffd\ufffd"
    os.link(path, tmp_path / "b")
    twice = run(path, tmp_path / "b", "--to", service.url)
    assert twice.exit_code == 2
    for told in (result.stdout, result.stderr, twice.stderr):
        assert not any(sign in told for sign in "\x1b\x9b")
