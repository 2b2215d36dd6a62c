"""Files that are packed, recognised by their first bytes, whatever they are called."""

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

from importer.source import Source

CHUNK_BYTES = 262_144

# What a damaged place takes along of the good bytes before it is at most so much.
_UNPACKED_BYTES = 16_384
_PACKED_BYTES = 8_192
_HEAD_BYTES = 6
# Of what unpacks, whatever a file says that it needs: xz -9 takes a quarter of it.
_MAX_MEMORY = 268_435_456

_OTHERS = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x9d": "packed with compress",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x04\x22\x4d\x18": "packed with lz4",
    b"Rar!": "a rar archive",
    b"LZIP\x01": "packed with lzip",
    b"]\0\0": "packed with lzma",
}


class Damaged(Exception):
    """It cannot be unpacked, or not to its end; the message says why."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def unpacked(source: Source) -> Iterator[bytes]:
    """The content in pieces, of all members or frames, in bounded memory.

    Raises `Damaged` after what could be unpacked before.
    """
    head = source.head(_HEAD_BYTES)
    for other, what in _OTHERS.items():
        if head.startswith(other):
            raise Damaged(f"it is {what}: unpack it first")
    if head.startswith(b"\x1f\x8b"):
        return _telling("gzip", _gzip_members(source))
    for name, magic, start in _KINDS:
        if head.startswith(magic):
            return _telling(name, _members(source, start))
    return _plain(source)


def _plain(source: Source) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def _gzip_members(source: Source) -> Iterator[bytes]:
    # Its checksum is looked at after the last bytes were given out.
    with gzip.GzipFile(fileobj=cast(IO[bytes], _Partial(source)), mode="rb") as stream:
        while chunk := stream.read1(_UNPACKED_BYTES):
            yield chunk


class _Partial:
    """Reads what a pipe has, and does not wait for more than the two bytes of a magic number."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < min(size, 2) and (data := self._source.read(size - len(found))):
            found += data
        return found


def _members(source: Source, start: Callable[[], _Unpacker]) -> Iterator[bytes]:
    # The streams of the standard library leave out in silence what follows the first member and
    # cannot be unpacked.
    packed = b""
    while packed := _without_padding(packed, source):
        unpacker = start()
        yield from _one_member(unpacker, packed, source)
        packed = unpacker.unused_data


def _one_member(unpacker: _Unpacker, packed: bytes, source: Source) -> Iterator[bytes]:
    while not unpacker.eof:
        if unpacker.needs_input and not packed and not (packed := _read(source)):
            raise EOFError
        if chunk := unpacker.decompress(packed, _UNPACKED_BYTES):
            yield chunk
        packed = b""


def _without_padding(packed: bytes, source: Source) -> bytes:
    while not (packed := packed.lstrip(b"\0")):
        if not (packed := _read(source)):
            return b""
    return packed


def _read(source: Source) -> bytes:
    return source.read(_PACKED_BYTES) or b""


def _zstd() -> _Unpacker:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor
    else:
        from backports.zstd import ZstdDecompressor
    found: _Unpacker = ZstdDecompressor()
    return found


# Frames without content, which pzstd begins with, have sixteen beginnings.
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([byte]) + b"\x2a\x4d\x18" for byte in range(0x50, 0x60)))
_KINDS: tuple[tuple[str, tuple[bytes, ...], Callable[[], _Unpacker]], ...] = (
    ("bzip2", (b"BZh",), bz2.BZ2Decompressor),
    ("xz", (b"\xfd7zXZ\0",), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_MEMORY)),
    ("zstd", _ZSTD, _zstd),
)


def _telling(name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except EOFError:
        raise Damaged(f"the {name} data ends too early")
    except (OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Damaged(f"the {name} data is damaged ({error})")
    except Exception as error:
        # What it raises is known only where it is loaded.
        if type(error).__name__ != "ZstdError":
            raise
        raise Damaged(f"the {name} data is damaged ({error})")
