"""Files and standard input, packed or not, as lines of bounded length."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from domain.shown import printable
from importer.lines import Lines
from importer.packing import Damaged, unpacked
from importer.source import STDIN, BecameShorter, Source, identity_of, opened

_TAR_AT, _TAR = 257, b"ustar"

Tell = Callable[[int], None]
"""Told how many bytes of the file, as stored, were read so far."""


class ReadingFailed(Exception):
    """A file cannot be read, or not to its end; the message names it."""


def shown_name(name: str) -> str:
    """A file's name for people: bytes that are no UTF-8 and control characters replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "standard input" if name == STDIN else printable(text)


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


def read_lines(
    name: str,
    tell: Tell = lambda _: None,
    idle: Callable[[], None] = lambda: None,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[bytes]:
    """The file's lines without their line feeds, in UTF-8 and in bounded memory.

    Of a line over `MAX_LINE_BYTES` only so much is kept that it can be told. `idle` is called now
    and then while a pipe has nothing, `note` with a sentence about what was found beside lines.
    Raises `ReadingFailed`, after the lines that were whole, when the file is damaged.
    """
    try:
        with opened(name) as stored:
            source = Source(stored, idle)
            lines = Lines()
            yield from lines.of(_pieces(name, source, tell))
            for sentence in _found_beside(name, source, lines):
                note(f"{shown_name(name)}: {sentence}")
    except (OSError, Damaged, BecameShorter) as error:
        raise _failed(name, error) from error


def _pieces(name: str, source: Source, tell: Tell) -> Iterator[bytes]:
    begun = False
    for piece in unpacked(source):
        if not begun and piece[_TAR_AT:].startswith(_TAR):
            raise Damaged("it is a tar archive: unpack it first")
        begun = True
        tell(source.position)
        yield piece


def _found_beside(name: str, source: Source, lines: Lines) -> Iterator[str]:
    if lines.nuls:
        yield (
            f"it has holes, {lines.nuls:,} NUL bytes where a log was cut while it was written; "
            "the lines around them were read"
        )
    if name != STDIN and identity_of(name) not in {None, source.identity()}:
        yield (
            "another file took its name while it was read; what was imported is the one that had "
            "it first, whatever that is called now"
        )


def _failed(name: str, error: Exception) -> ReadingFailed:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ReadingFailed(f"{shown_name(name)}: {reason}")
