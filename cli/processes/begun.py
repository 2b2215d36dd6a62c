"""The first child of a family makes ready what all need, and tells its parent when that is done.

So the parent does not load what it would need this once.
"""

import asyncio
import os
from contextlib import suppress
from typing import Self

BEGINS = "FOOTFALL_BEGINS"


def begins() -> bool:
    """Is it this process that does?"""
    return bool(os.environ.get(BEGINS))


def tell_begun() -> None:
    """It has; the process that is started in its place need not."""
    descriptor = int(os.environ.pop(BEGINS))
    # A parent that is gone ends this process another way.
    with suppress(OSError):
        os.write(descriptor, b".")
    os.close(descriptor)


class Begun:
    """Whether it was told so far; `done` is set then."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._read, self._write = os.pipe()

    def __enter__(self) -> Self:
        self._loop.add_reader(self._read, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_reader(self._read)
        os.close(self._read)
        os.close(self._write)

    def descriptor(self) -> int | None:
        """What a child inherits that is to tell; None where one has told."""
        return None if self.done.is_set() else self._write

    def _look(self) -> None:
        os.read(self._read, 1)
        self.done.set()
