"""What Content-Encoding may say, and gzip of strangers."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RequestRefused
from domain.problems import UNSUPPORTED_ENCODING
from web.packing import is_packed, unpacked

LIMIT = 100_000
TEXT = b'{"page":"example.com/page"}'


@pytest.mark.parametrize(
    ("values", "packed"),
    [
        ([], False),
        ([b""], False),
        ([b"identity"], False),
        ([b" Identity , identity"], False),
        ([b"gzip"], True),
        ([b"GZIP"], True),
        ([b"x-gzip"], True),
        ([b"identity, gzip,"], True),
        ([b"identity", b"gzip"], True),
    ],
)
def test_as_it_is_and_gzip_are_taken(values: list[bytes], packed: bool) -> None:
    assert is_packed(values) is packed


@pytest.mark.parametrize(
    "values",
    [[b"br"], [b"deflate"], [b"zstd"], [b"compress"], [b"gzip, gzip"], [b"gzip", b"x-gzip"],
     [b"gzip, br"], [b"aws-chunked"], [b"gzip;q=1"], [b"\xff\x1b[2J"], [b"x" * 60_000]],
    ids=lambda values: repr(values)[:20],
)  # fmt: skip
def test_anything_else_is_refused_by_name(values: list[bytes]) -> None:
    with pytest.raises(RequestRefused, match="Content-Encoding") as caught:
        is_packed(values)
    assert caught.value.kind is UNSUPPORTED_ENCODING
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_every_member_is_unpacked(members: list[bytes]) -> None:
    packed = b"".join(map(gzip.compress, members))
    assert unpacked(packed, LIMIT) == b"".join(members)


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_the_limit_is_for_what_comes_out(size: int, limit: int) -> None:
    found = unpacked(gzip.compress(b"x" * size, 1), limit)
    assert found == (b"x" * size if size <= limit else None)


def test_a_member_longer_than_a_piece_is_unpacked() -> None:
    text = bytes(range(256)) * 2_000
    packed = gzip.compress(text, 0) + gzip.compress(TEXT)
    assert unpacked(packed, 10**7) == text + TEXT


def flipped(packed: bytes, at: int) -> bytes:
    return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: TEXT,
        lambda packed: packed[:1],
        lambda packed: packed[:10],
        lambda packed: packed[:-9],
        lambda packed: packed[:-1],
        lambda packed: packed + b"\x00",
        lambda packed: packed + TEXT,
        lambda packed: packed + packed[:5],
        lambda packed: b"\x00" + packed,
        lambda packed: flipped(packed, 2),
        lambda packed: flipped(packed, 12),
        lambda packed: flipped(packed, -1),
        lambda packed: flipped(packed, -5),
        lambda _: zlib.compress(TEXT),
        lambda packed: packed * 2_000,
        lambda _: gzip.compress(b"") * 2_000,
    ],
)
def test_what_is_damaged_or_goes_on_otherwise_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RequestRefused, match="no gzip"):
        unpacked(spoil(gzip.compress(TEXT)), LIMIT)


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1_000_000)
    bomb = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    tracemalloc.start()
    try:
        assert unpacked(bomb, LIMIT) is None
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
    finally:
        tracemalloc.stop()
