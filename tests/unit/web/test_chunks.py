"""Where a body in chunks ends, however its bytes arrive."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.server.chunks import Chunks, NoChunks

SIZE_LINES = st.builds(
    lambda zeros, upper, extension: (b"0" * zeros, upper, extension),
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from([b"", b";a", b';a="b c";d=e', b";0\t"]),
)
DATA = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.sampled_from([b"\r\n", b"\r\n\r\n", b"0\r\n\r\n", b"\r\n0\r\n\r\n"]),
)
TRAILERS = st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nB: 0\r\n", b"\tx: \r\n"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    body = b""
    for data in [*draw(st.lists(DATA, max_size=5)), b""]:
        zeros, upper, extension = draw(SIZE_LINES)
        size = b"%X" % len(data) if upper else b"%x" % len(data)
        body += zeros + size + extension + b"\r\n"
        body += data + b"\r\n" if data else draw(TRAILERS) + b"\r\n"
    return body


@given(bodies(), st.binary(max_size=30), st.data())
def test_the_end_is_found_however_the_bytes_are_cut(
    body: bytes, behind: bytes, data: st.DataObject
) -> None:
    whole = body + behind
    cuts = data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8))
    chunks, read = Chunks(), 0
    for start, end in pairwise([0, *sorted(cuts), len(whole)]):
        found = chunks.end_in(whole[start:end])
        if found is not None:
            read += found
            break
        read += end - start
    assert read == len(body)


@given(bodies(), st.data())
def test_a_part_has_no_end(body: bytes, data: st.DataObject) -> None:
    assert Chunks().end_in(body[: data.draw(st.integers(0, len(body) - 1))]) is None


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"zz\r\n",
        b"+1\r\n",
        b"-1\r\n",
        b"0x1\r\n",
        b"1_0\r\n",
        b"1\n",
        b"1 ;a\r\n",
        b"1;a\rb\r\n",
        b"1;a\nb\r\n",
        b"1;a\x00\r\n",
        b"f" * 16 + b"\r\n",
        b"1;" + b"a" * 10_000,
        b"1\r\nx0\r\n\r\n;",
        "١\r\n".encode(),
    ],
)
def test_what_is_no_size_is_told(body: bytes) -> None:
    with pytest.raises(NoChunks):
        Chunks().end_in(body)
    chunks = Chunks()
    with pytest.raises(NoChunks):
        _ = [chunks.end_in(bytes([byte])) for byte in body]


@pytest.mark.parametrize("step", [7, 1_000, 1_000_000])
@pytest.mark.parametrize(
    ("body", "bounded"),
    [
        (b"0\r\n" + b"a: b\r\n" * 12_000 + b"\r\n", True),
        ((b"1;" + b"a" * 60 + b"\r\nx\r\n") * 2_000 + b"0\r\n\r\n", True),
        ((b"0" * 14 + b"1\r\nx\r\n") * 60_000 + b"0\r\n\r\n", True),
        (b"0\r\n" + b"a: b\r\n" * 10_000 + b"\r\n", False),
        (b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n", False),
        ((b"2000;" + b"a" * 100 + b"\r\n" + b"x" * 8_192 + b"\r\n") * 50 + b"0\r\n\r\n", False),
    ],
)
def test_what_stands_around_chunks_is_bounded_by_what_is_in_them(
    body: bytes, bounded: bool, step: int
) -> None:
    chunks = Chunks()
    parts = [body[at : at + step] for at in range(0, len(body), step)]
    if bounded:
        with pytest.raises(NoChunks, match="around"):
            _ = [chunks.end_in(part) for part in parts]
    else:
        assert [chunks.end_in(part) for part in parts] == [None] * (len(parts) - 1) + [
            len(parts[-1])
        ]
