"""A file's bytes as they are stored, as they come."""

import io
import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

STDIN = "-"
Identity = tuple[int, int]
"""Device and inode."""

_TICK_SECONDS = 0.25
_AHEAD_BYTES = 65_536
# Of a log it holds the moment of a request or two: what is written anew has others.
_FIRST_BYTES = 512


class BecameShorter(Exception):
    """What was there when the reading began is gone."""

    def __str__(self) -> str:
        return "the file became shorter while it was read"


class Source(io.RawIOBase):
    """Reads `stored`; while a pipe has nothing, `idle` is called, four times a second.

    Raises `BecameShorter`.
    """

    def __init__(self, stored: IO[bytes] | io.RawIOBase, idle: Callable[[], None]) -> None:
        self.position = 0
        self._stored = stored
        self._idle = idle
        self._ahead = b""
        self._descriptor = _descriptor(stored)
        self._size = self._current_size()
        self._first = self._current_first(_FIRST_BYTES)
        self._waits = self._descriptor is not None and self._size is None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As much as there is, waiting for the first byte; 0 at the end."""
        data = self._ahead[: len(buffer)] or self._next(len(buffer))
        self._ahead = self._ahead[len(data) :]
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)

    def head(self, size: int) -> bytes:
        """At least so many bytes from the beginning, if there are; they are read again."""
        while len(self._ahead) < size and (data := self._next(_AHEAD_BYTES)):
            self._ahead += data
        return self._ahead

    def identity(self) -> Identity | None:
        """None where it has no descriptor."""
        return None if self._descriptor is None else _identity(os.fstat(self._descriptor))

    def _next(self, size: int) -> bytes:
        data = None
        # None: a pipe whose other end made it not wait.
        while data is None:
            while self._waits and not self._is_ready():
                self._idle()
            data = self._stored.read(size) if self._waits is False else self._read1(size)
        self._require_not_shorter()
        return data

    def _read1(self, size: int) -> bytes | None:
        assert self._descriptor is not None
        try:
            return os.read(self._descriptor, size)
        except BlockingIOError:
            return None

    def _is_ready(self) -> bool:
        return bool(select.select([self._stored], [], [], _TICK_SECONDS)[0])

    def _require_not_shorter(self) -> None:
        size = self._current_size()
        if size is None or self._size is None:
            return
        # It may have been cut and have grown beyond its size again since the last look.
        if size < self._size or self._current_first(len(self._first)) != self._first:
            raise BecameShorter
        self._size = size

    def _current_first(self, size: int) -> bytes:
        """The beginning of a file that has a size."""
        if self._descriptor is None or self._size is None:
            return b""
        return os.pread(self._descriptor, size, 0)

    def _current_size(self) -> int | None:
        if self._descriptor is None:
            return None
        found = os.fstat(self._descriptor)
        return found.st_size if stat.S_ISREG(found.st_mode) else None


def opened(name: str) -> IO[bytes] | io.RawIOBase:
    """The file, or standard input. Raises OSError and ValueError."""
    if name != STDIN:
        return Path(name).open("rb", buffering=0)
    if sys.stdin is None:
        raise OSError("standard input is closed")
    descriptor = _descriptor(sys.stdin.buffer)
    # Past its buffer, which waits until it is full.
    return sys.stdin.buffer if descriptor is None else io.FileIO(descriptor, closefd=False)


def identity_of(name: str) -> Identity | None:
    """What a file is, whatever it is called: None where reading it twice gives other bytes."""
    try:
        found = Path(name).stat() if name != STDIN else os.fstat(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return None if stat.S_ISCHR(found.st_mode) else _identity(found)


def size_of(name: str) -> int | None:
    """Bytes as stored, None where it cannot be known before."""
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_size if name != STDIN and stat.S_ISREG(found.st_mode) else None


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _descriptor(stored: IO[bytes] | io.RawIOBase) -> int | None:
    try:
        return stored.fileno()
    except OSError:
        return None
