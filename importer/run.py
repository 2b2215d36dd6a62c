"""From files to a summary."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from importer.access_log import AccessLog, is_log_line
from importer.batch import Batch, Line
from importer.counts import Counts, is_counts_line
from importer.ending import Ended, ending_on_signals
from importer.files import look_at, require_same
from importer.progress import Display
from importer.reading import ReadingFailed, read_lines, shown_name
from importer.sending import Patience, Sender, SendingFailed
from importer.source import identity_of
from importer.standing import GoOn, standing
from importer.views import Skip, View

Format = Literal["auto", "log", "counts"]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Options:
    """What to import, where to, and how its lines are read.

    Of the first file, the lines before `from_line` are left out.
    """

    files: tuple[str, ...]
    to: str
    host: str = ""
    pages_only: bool = False
    format: Format = "auto"
    from_line: int = 1


class Summary(msgspec.Struct, frozen=True):
    """Lines, views and errors of an import.

    `counted` views were found, `accepted` were confirmed by the service, of `unknown` nobody
    knows whether it has them. `skipped` is reason to lines. `from_line` is there where not all was
    confirmed. `warnings` change no exit code.
    """

    lines: int
    counted: int
    accepted: int
    unknown: int
    skipped: dict[str, int]
    errors: list[str]
    exit_code: int
    warnings: list[str] = []
    from_line: GoOn | None = None


class _Parser(Protocol):
    def parse(self, line: bytes) -> View | Skip: ...


def run_import(
    options: Options, clock: Clock = time.time, patience: Patience | None = None
) -> Summary:
    """Send the views of all files, in order. Nothing is sent when one cannot be opened.

    After Ctrl-C, SIGTERM, SIGHUP or a refusal it waits for the answers to what was sent, and
    reports them; a second signal ends the process.
    """
    with ending_on_signals():
        try:
            errors, warnings = look_at(options.files)
        except Ended as ended:
            errors, warnings = ["interrupted: nothing was sent"], []
            return Summary(0, 0, 0, 0, {}, errors, ended.exit_code, warnings)
        if errors:
            return Summary(0, 0, 0, 0, {}, errors, 1, warnings)
        patience = patience or Patience()
        sender = Sender(options.to, patience)
        with Display() as display:
            work = _Import(options, clock, sender, display, patience.linger)
            work.warnings += warnings
            ended_with = _carry_out(work, sender)
    return _summary(work, sender, ended_with)


def _carry_out(work: "_Import", sender: Sender) -> int:
    """The exit code that a signal asks for, 0 where there was none."""
    exit_code = 0
    try:
        try:
            work.run()
        except SendingFailed as error:
            work.errors.append(str(error))
        finally:
            sender.close()
    except Ended as ended:
        exit_code = ended.exit_code
    finally:
        # Once more: the signal may have come while it was waiting there.
        sender.close()
    return exit_code


class _Position:
    """`done` lines of `file` are gathered, or left out."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.done = 0


class _Import:
    """The lines of all files on their way into batches."""

    def __init__(
        self, options: Options, clock: Clock, sender: Sender, display: Display, linger: float
    ) -> None:
        self.lines = 0
        self.counted = 0
        self.skipped: Counter[Skip] = Counter()
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._options = options
        self._clock = clock
        self._sender = sender
        self._display = display
        self._linger = linger
        self._batch = Batch()
        self._begun = 0.0
        self._at = _Position(options.files[0])
        self._identities = {name: identity_of(name) for name in options.files}

    def run(self) -> None:
        for name in self._options.files:
            before = self.lines
            try:
                require_same(name, self._identities[name])
                self._read(name)
            except ReadingFailed as error:
                lines = self.lines - before
                self.errors.append(f"{error}; the {lines:,} whole lines before that were imported")
        self._send()
        self._sender.finish()

    def next_line(self) -> Line:
        """The first line of which a view may not have been put to be sent."""
        if self._batch.first is not None and self._batch.number is None:
            return self._batch.first
        return Line(self._at.file, self._at.done + 1)

    def _read(self, name: str) -> None:
        parser = _parser(self._options, self._clock)
        first = self._options.from_line if name == self._options.files[0] else 1
        self._at = _Position(name)
        self._display.begin(name)
        for line in read_lines(name, self._advance, self._tick, self.warnings.append):
            # The lines before the first say how those after them are read.
            found = parser.parse(line)
            if self._at.done + 1 >= first:
                self._take(line, found)
            self._at.done += 1
        if self._at.done + 1 < first:
            raise ReadingFailed(f"{shown_name(name)}: it has no line {first:,}")

    def _take(self, line: bytes, found: View | Skip) -> None:
        self.lines += 1
        if isinstance(found, View) and found.hour < self._sender.oldest:
            found = Skip.PAST
        if isinstance(found, View):
            self._gather(found)
        else:
            self.skipped[found] += 1
            self._display.skipped(self._at.file, self._at.done + 1, line, found)

    def _gather(self, view: View) -> None:
        if not self._batch.add(view):
            self._send()
            self._batch.add(view)
        if self._batch.first is None:
            self._batch.first = Line(self._at.file, self._at.done + 1)
            self._begun = time.monotonic()
        self.counted += view.count

    def _send(self) -> None:
        if self._batch.views:
            self._sender.put(self._batch)
            self._batch = Batch()

    def _advance(self, stored_bytes: int) -> None:
        self._display.advance(stored_bytes, self._at.done)
        self._tick()

    def _tick(self) -> None:
        """What is read slowly is sent all the same."""
        self._sender.require_no_fault()
        if self._batch.views and time.monotonic() - self._begun > self._linger:
            self._send()


class _Detecting:
    """Takes the format of the first line that fits one; until then lines are malformed."""

    def __init__(self, log: AccessLog, counts: Counts) -> None:
        self._log = log
        self._counts = counts
        self._chosen: _Parser | None = None

    def parse(self, line: bytes) -> View | Skip:
        if self._chosen is None:
            if is_log_line(line):
                self._chosen = self._log
            elif is_counts_line(line):
                self._chosen = self._counts
        return (self._chosen or self._log).parse(line)


def _parser(options: Options, clock: Clock) -> _Parser:
    log = AccessLog(clock, options.host, options.pages_only)
    counts = Counts(clock)
    match options.format:
        case "log":
            return log
        case "counts":
            return counts
        case "auto":
            return _Detecting(log, counts)


def _summary(work: _Import, sender: Sender, ended_with: int) -> Summary:
    errors = work.errors
    counted = work.counted - sender.past
    skipped = work.skipped + Counter({Skip.PAST: sender.past_lines})
    go_on = None
    if ended_with or sender.accepted != counted:
        go_on = sender.go_on(work.next_line())
        reason = "interrupted: " if ended_with else ""
        errors.append(reason + standing(counted, sender.accepted, sender.unknown, go_on))
    return Summary(
        lines=work.lines,
        counted=counted,
        accepted=sender.accepted,
        unknown=sender.unknown,
        skipped={reason.value: count for reason, count in skipped.most_common()},
        errors=errors,
        exit_code=ended_with or int(bool(errors)),
        warnings=work.warnings,
        from_line=go_on,
    )
