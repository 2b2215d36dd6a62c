"""Files that are packed, whole, damaged and cut."""

import lzma
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.packing import Damaged, unpacked
from importer.reading import ReadingFailed, read_lines
from importer.source import Source, opened
from tests.importer.packed import PACKED

EACH = pytest.mark.parametrize("kind", PACKED)
# Text that does not shrink to nothing, so that a damaged byte is somewhere in the middle of it.
LINES = [b"%d %x" % (i, random.Random(i).getrandbits(64)) for i in range(60_000)]
TAR = b"access.log".ljust(257, b"\0") + b"ustar\x0000" + bytes(300)
CONTENT = b"".join(line + b"\n" for line in LINES)


def read(path: Path) -> list[bytes]:
    return list(read_lines(str(path)))


@EACH
@pytest.mark.parametrize("name", ["access.log", "access.log.1"])
def test_it_is_known_by_its_first_bytes_whatever_it_is_called(
    tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / name).write_bytes(PACKED[kind](b"a\nb\n"))
    assert read(tmp_path / name) == [b"a", b"b"]


@EACH
@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=5), st.booleans())
def test_all_members_are_read(
    tmp_path_factory: pytest.TempPathFactory, kind: str, parts: list[bytes], padded: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"members-{kind}"
    path.write_bytes(b"".join(PACKED[kind](part) + bytes(8) * padded for part in parts))
    with opened(str(path)) as stored:
        assert b"".join(unpacked(Source(stored, lambda: None))) == b"".join(parts)


def test_frames_without_content_are_passed_over(tmp_path: Path) -> None:
    skipped = b"\x51\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    zstd = PACKED["zstd"]
    (tmp_path / "a").write_bytes(skipped + zstd(b"a\n") + skipped + zstd(b"b\n"))
    assert read(tmp_path / "a") == [b"a", b"b"]


@EACH
def test_a_cut_end_is_told_after_the_lines_before_it(tmp_path: Path, kind: str) -> None:
    packed = PACKED[kind](CONTENT)
    (tmp_path / "cut").write_bytes(packed[: len(packed) * 3 // 4])
    lines: list[bytes] = []
    with pytest.raises(ReadingFailed, match=f"cut: the {kind} data ends too early"):
        lines.extend(read_lines(str(tmp_path / "cut")))
    assert len(LINES) // 3 < len(lines) < len(LINES)
    assert lines == LINES[: len(lines)]


@EACH
def test_a_damaged_byte_is_told_after_the_lines_before_it(tmp_path: Path, kind: str) -> None:
    packed = bytearray(PACKED[kind](CONTENT))
    for at in range(len(packed) * 3 // 4, len(packed) * 3 // 4 + 64):
        packed[at] ^= 0xFF
    (tmp_path / "bad").write_bytes(packed)
    lines: list[bytes] = []
    with pytest.raises(ReadingFailed, match=f"bad: the {kind} data (is damaged|ends too early)"):
        lines.extend(read_lines(str(tmp_path / "bad")))
    assert len(lines) > len(LINES) // 3


@EACH
def test_what_follows_a_member_and_is_none_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "mixed").write_bytes(PACKED[kind](b"a\nb\n") + b"c\nplain lines behind it\n")
    lines: list[bytes] = []
    with pytest.raises(ReadingFailed, match=f"mixed: the {kind} data"):
        lines.extend(read_lines(str(tmp_path / "mixed")))
    assert lines == [b"a", b"b"]


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"PK\x03\x04\x14\0", "a zip archive: unpack it first"),
        (b"\x1f\x9d\x90abc", "packed with compress: unpack"),
        (b"\x04\x22\x4d\x18abc", "packed with lz4: unpack"),
        (lzma.compress(b"a", lzma.FORMAT_ALONE), "packed with lzma: unpack"),
        (TAR, "a tar archive: unpack"),
    ],
)
def test_other_archives_are_named(tmp_path: Path, head: bytes, says: str) -> None:
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(ReadingFailed, match=says):
        read(tmp_path / "a")


def test_a_packed_tar_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(PACKED["gzip"](TAR))
    with pytest.raises(ReadingFailed, match="a tar archive: unpack"):
        read(tmp_path / "a.tar.gz")


def test_what_would_take_more_memory_than_there_should_be_is_refused(tmp_path: Path) -> None:
    # A frame that says it needs a window of 2 GB: descriptor, window, a block of one byte.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + b"\x09\0\0a"
    (tmp_path / "a").write_bytes(frame)
    with (
        opened(str(tmp_path / "a")) as stored,
        pytest.raises(Damaged, match="zstd data is damaged"),
    ):
        list(unpacked(Source(stored, lambda: None)))
