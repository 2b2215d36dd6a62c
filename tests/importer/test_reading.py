"""Lines out of files, whole and damaged."""

import gzip
from pathlib import Path

import pytest

from importer.reading import ReadingFailed, read_lines, require_readable, shown_name
from importer.views import MAX_LINE_BYTES

CONTENT = b"".join(b"line %d\n" % i for i in range(100_000))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"\r\n\xff\x00", [b"\r", b"\xff\x00"]),
    ],
)
def test_lines_end_with_line_feeds(tmp_path: Path, content: bytes, lines: list[bytes]) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(content)
    assert list(read_lines(str(path))) == lines


@pytest.mark.parametrize("name", ["access.log.gz", "access.log"])
def test_gzip_is_unpacked_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT[:5_000]) + gzip.compress(CONTENT[5_000:]))
    told: list[int] = []
    assert list(read_lines(str(path), told.append)) == CONTENT.split(b"\n")[:-1]
    assert told[-1] == path.stat().st_size


def test_a_line_without_end_takes_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"x" * 3_000_000 + b"\nshort\n")
    long, short = read_lines(str(path))
    assert MAX_LINE_BYTES < len(long) < 1_000_000
    assert short == b"short"


def test_a_cut_archive_gives_its_whole_lines_then_fails(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-1_000])
    lines: list[bytes] = []
    with pytest.raises(ReadingFailed, match=r"cut\.gz: the gzip data ends too early"):
        lines.extend(read_lines(str(path)))
    assert 10_000 < len(lines) < 100_000
    assert lines == CONTENT.split(b"\n")[: len(lines)]


def test_a_corrupt_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.gz"
    packed = bytearray(gzip.compress(CONTENT))
    packed[-6] ^= 1
    path.write_bytes(packed)
    with pytest.raises(ReadingFailed, match=r"bad\.gz: the gzip data is damaged"):
        list(read_lines(str(path)))


def test_a_file_that_only_claims_to_be_gzip_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plain.gz"
    path.write_bytes(b"not gzip\n")
    assert list(read_lines(str(path))) == [b"not gzip"]


def test_missing_files_and_directories_are_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ReadingFailed, match="No such file"):
        require_readable(str(tmp_path / "missing"))
    with pytest.raises(ReadingFailed, match="is a directory"):
        require_readable(str(tmp_path))
    with pytest.raises(ReadingFailed, match="null"):
        require_readable("a\x00b")


def test_names_are_safe_to_show() -> None:
    assert shown_name("a\x1b[31m\udcff") == "a\ufffd[31m\ufffd"
