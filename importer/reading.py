"""Files, plain or gzip, and standard input, as lines of bounded length."""

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol, cast

from importer.views import MAX_LINE_BYTES

STDIN = "-"
_CHUNK_BYTES = 262_144

Tell = Callable[[int], None]
"""Told how many bytes of the file, as stored, were read so far."""


class ReadingFailed(Exception):
    """A file cannot be read, or not to its end; the message names it."""


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def shown_name(name: str) -> str:
    """A file's name for people: bytes that are no UTF-8 and control characters replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    clean = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return "standard input" if name == STDIN else clean


def require_readable(name: str) -> None:
    """Raises `ReadingFailed` when the file cannot be opened."""
    if name == STDIN:
        return
    try:
        if Path(name).is_dir():
            raise ReadingFailed(f"{shown_name(name)}: is a directory")
        Path(name).stat()
    except (OSError, ValueError) as error:
        raise _failed(name, error) from error
    if not os.access(name, os.R_OK):
        raise ReadingFailed(f"{shown_name(name)}: permission denied")


def size_of(name: str) -> int | None:
    """Bytes as stored, None where it cannot be known before."""
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_size if name != STDIN and stat.S_ISREG(found.st_mode) else None


def read_lines(name: str, tell: Tell = lambda _: None) -> Iterator[bytes]:
    """The file's lines without their line feeds, in bounded memory.

    Of a line over `MAX_LINE_BYTES` only so much is kept that it can be told. Raises
    `ReadingFailed`, after the lines that were whole, when the file is damaged.
    """
    try:
        with ExitStack() as stack:
            stored: IO[bytes] = sys.stdin.buffer
            if name != STDIN:
                stored = stack.enter_context(Path(name).open("rb"))
            stream = cast(_Stream, stored)
            if name.endswith(".gz") or _is_gzip(stored):
                stream = stack.enter_context(gzip.GzipFile(fileobj=stored))
            yield from _split(_chunks(stream, stored, tell))
    except (OSError, EOFError, zlib.error) as error:
        raise _failed(name, error) from error


def _is_gzip(stored: IO[bytes]) -> bool:
    return isinstance(stored, io.BufferedReader) and stored.peek(2)[:2] == b"\x1f\x8b"


def _chunks(stream: _Stream, stored: IO[bytes], tell: Tell) -> Iterator[bytes]:
    position = stored.tell if stored.seekable() else None
    read = 0
    # One read at a time: a damaged end must not take the good bytes before it along.
    while chunk := stream.read1(_CHUNK_BYTES):
        read += len(chunk)
        tell(position() if position else read)
        yield chunk


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        rest = rest[: MAX_LINE_BYTES + 1]
    if rest:
        yield rest


def _failed(name: str, error: Exception) -> ReadingFailed:
    reason = str(error)
    if isinstance(error, EOFError):
        reason = "the gzip data ends too early"
    elif isinstance(error, zlib.error | gzip.BadGzipFile):
        reason = f"the gzip data is damaged ({error})"
    elif isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    return ReadingFailed(f"{shown_name(name)}: {reason}")
