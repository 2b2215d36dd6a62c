"""Bytes cut into lines: holes, marks, encodings, however they arrive."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.lines import Lines
from importer.views import MAX_LINE_BYTES

MARK = b"\xef\xbb\xbf"


def cut(content: bytes, *sizes: int) -> Iterator[bytes]:
    """`content` in chunks of these sizes, again and again."""
    at = turn = 0
    while at < len(content):
        size = sizes[turn % len(sizes)]
        yield content[at : at + size]
        at, turn = at + size, turn + 1


def lines(content: bytes, *sizes: int) -> list[bytes]:
    return list(Lines().of(cut(content, *(sizes or (len(content) or 1,)))))


CHUNKS = st.lists(st.integers(1, 50), min_size=1, max_size=5)


@given(st.binary().filter(lambda b: b"\0" not in b and b"\xff" not in b and b"\xfe" not in b))
def test_line_feeds_and_nothing_else_end_lines(content: bytes) -> None:
    expected = [line for part in content.split(MARK) for line in part.split(b"\n")]
    if MARK not in content:
        assert lines(content) == (expected if expected[-1] else expected[:-1])


@given(
    st.lists(
        st.sampled_from([b"a", b"line", b"\n", MARK, b"\0" * 40, b"\0", b"\xef\xbb", b"\xc3\xa9"])
    ).map(b"".join),
    CHUNKS,
)
def test_lines_are_the_same_however_they_arrive(content: bytes, sizes: list[int]) -> None:
    # Of a hole that arrives in pieces nothing stays; of a few NULs in a line all do.
    assert b"".join(lines(content, *sizes)).replace(b"\0", b"") == b"".join(lines(content)).replace(
        b"\0", b""
    )
    if b"\0" not in content:
        assert lines(content, *sizes) == lines(content)


@given(
    st.lists(st.text(st.characters(exclude_characters="\n\0\ufeff", exclude_categories=["Cs"]))),
    st.sampled_from(["utf-16-le", "utf-16-be"]),
    CHUNKS,
)
def test_utf_16_is_known_by_its_mark(content: list[str], encoding: str, sizes: list[int]) -> None:
    stored = ("\ufeff" + "".join(line + "\n" for line in content)).encode(encoding)
    assert lines(stored, *sizes) == [line.encode() for line in content]


LINE = st.text(st.characters(exclude_characters="\n\0\ufeff", exclude_categories=["Cs"]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]),
            st.lists(LINE.map("192.0.2.7 - - [16/Jul".__add__), min_size=1, max_size=3),
        ),
        max_size=5,
    ),
    CHUNKS,
    st.booleans(),
)
def test_files_in_any_encoding_may_stand_behind_each_other(
    files: list[tuple[str, list[str]]], sizes: list[int], marked: bool
) -> None:
    stored = b""
    for encoding, content in files:
        mark = "\ufeff" if encoding.startswith("utf-16") and marked else ""
        stored += (mark + "".join(line + "\n" for line in content)).encode(encoding)
    assert lines(stored, *sizes) == [line.encode() for _, content in files for line in content]


@pytest.mark.parametrize("size", [1, 3, 1_000])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(encoding: str, size: int) -> None:
    content = ["2025-07-16 10:00:00,/é漢,5\r", "", "2025-07-16 10:00:00,/b,5\r"]
    found = Lines()
    stored = "".join(line + "\n" for line in content).encode(encoding)
    assert list(found.of(cut(stored, size))) == [line.encode() for line in content]
    assert found.nuls == 0


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_ideographs_that_look_like_other_letters_stay_what_they_are(encoding: str) -> None:
    content = ["\u4e2d\u6587\u7965\u2d2d\u2e2e/x,1", "\u202d\u2d20,2"]
    assert lines(("\ufeff" + "\n".join(content)).encode(encoding)) == [
        line.encode() for line in content
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_whole_line_is_never_held_back(encoding: str) -> None:
    stored = ("\ufeffa\nbcd\n\n").encode(encoding)
    found = Lines()
    given_so_far: list[bytes] = []

    def chunks() -> Iterator[bytes]:
        for at in range(len(stored)):
            yield stored[at : at + 1]
            text = stored[: at + 1].decode(encoding, "ignore").removeprefix("\ufeff")
            assert len(given_so_far) == text.count("\n")

    for line in found.of(chunks()):
        given_so_far += [line]
    assert given_so_far == [b"a", b"bcd", b""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_marks_in_the_middle_are_left_out_and_begin_a_line(encoding: str, end: str) -> None:
    stored = f"\ufeffa,1\nb,2{end}\ufeffa,3\n\ufeff\n".encode(encoding)
    for size in range(1, 8):
        assert lines(stored, size) == [b"a,1", b"b,2", b"a,3", b""]


def test_utf_16_that_ends_in_the_middle_of_a_character_gives_what_is_whole() -> None:
    assert lines("\ufeffab\ncd".encode("utf-16-le")[:-1]) == [b"ab", "c\ufffd".encode()]


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\0" * 1_000 + b"a\nb\n", [b"a", b"b"]),
        (b"a\n" + b"\0" * 1_000 + b"b\n", [b"a", b"b"]),
        (b"a" + b"\0" * 1_000 + b"b\nc\n", [b"a", b"b", b"c"]),
        (b"a\nb" + b"\0" * 1_000, [b"a", b"b"]),
        (b"a\n" + b"\0" * 1_000 + b"\nb", [b"a", b"", b"b"]),
        (b"\0a\nb", [b"a", b"b"]),
    ],
)
def test_a_hole_is_left_out_and_what_stands_around_it_read(
    content: bytes, expected: list[bytes], size: int
) -> None:
    found = Lines()
    assert list(found.of(cut(content, size))) == expected
    assert found.nuls == content.count(0)


def test_a_few_nuls_in_a_line_are_its_own() -> None:
    assert lines(b"a\0b\0\0\n") == [b"a\0b\0\0"]


def test_a_hole_of_any_size_and_a_line_without_end_take_bounded_memory() -> None:
    hole, long = 400, 400
    chunks = [b"a\n", *[bytes(100_000)] * hole, b"b\n", *[b"x" * 100_000] * long, b"\nc\n"]
    found = Lines()
    tracemalloc.start()
    try:
        first, second, third, fourth = found.of(iter(chunks))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (first, second, fourth) == (b"a", b"b", b"c")
    assert MAX_LINE_BYTES < len(third) < 1_000_000
    assert found.nuls == hole * 100_000
    assert peak < 2_000_000


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mark_in_an_export_of_our_own_is_part_of_a_page(size: int, end: str) -> None:
    stored = f"hour,page,views{end}2025-07-16T10:00:00Z,a\ufeffb,1{end}".encode()
    assert lines(stored, size)[1].decode().rstrip("\r") == "2025-07-16T10:00:00Z,a\ufeffb,1"
