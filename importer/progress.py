"""What a person sees on stderr while an import runs."""

import io
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from importer.reading import shown_name
from importer.source import size_of
from importer.views import ORDINARY, Skip

SHOWN_LINES = 10
_SHOWN_BYTES = 120


class Display:
    """A bar for each file where stderr is a terminal; the first faulty lines everywhere."""

    def __init__(self) -> None:
        console = Console(file=cast(TextIO, _Unbroken(sys.stderr)) if sys.stderr else None)
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[lines]:,} lines"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._faulty = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
        if self._faulty > SHOWN_LINES:
            self._say(f"and {self._faulty - SHOWN_LINES:,} more such lines")

    def begin(self, name: str) -> None:
        """A new bar, as long as the file."""
        self._task = self._bars.add_task(shown_name(name), total=size_of(name), lines=0)

    def advance(self, stored_bytes: int, lines: int) -> None:
        """So much of the file was read."""
        if self._task is not None:
            self._bars.update(self._task, completed=stored_bytes, lines=lines)

    def skipped(self, name: str, number: int, line: bytes, reason: Skip) -> None:
        """Show the line if it is one of the first that are faulty."""
        if reason in ORDINARY:
            return
        self._faulty += 1
        if self._faulty <= SHOWN_LINES:
            text = repr(line[:_SHOWN_BYTES])[1:]
            self._say(f"{shown_name(name)}, line {number:,}: {reason.value}, skipped: {text}")

    def _say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


class _Unbroken(io.TextIOBase):
    """A stream that may be closed at its other end, or gone with its terminal.

    What cannot be shown is not shown: that is no reason to end an import.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()
