"""From files to a summary."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from importer.access_log import AccessLog, is_log_line
from importer.batch import Batch
from importer.counts import Counts, is_counts_line
from importer.progress import Display
from importer.reading import ReadingFailed, read_lines, require_readable
from importer.sending import Patience, Sender, SendingFailed
from importer.views import Skip, View

Format = Literal["auto", "log", "counts"]
Clock = Callable[[], float]

_INTERRUPTED_EXIT_CODE = 130


@dataclass(frozen=True, slots=True)
class Options:
    """What to import, where to, and how its lines are read."""

    files: tuple[str, ...]
    to: str
    host: str = ""
    pages_only: bool = False
    format: Format = "auto"


class Summary(msgspec.Struct, frozen=True):
    """Lines, views and errors of an import.

    `counted` views were found, `accepted` were confirmed by the service, of `unknown` nobody
    knows whether it has them. `skipped` is reason to lines.
    """

    lines: int
    counted: int
    accepted: int
    unknown: int
    skipped: dict[str, int]
    errors: list[str]
    exit_code: int


class _Parser(Protocol):
    def parse(self, line: bytes) -> View | Skip: ...


def run_import(
    options: Options, clock: Clock = time.time, patience: Patience | None = None
) -> Summary:
    """Send the views of all files, in order. Nothing is sent when one cannot be opened.

    After Ctrl-C or a refusal it waits for the answers to what was sent, and reports them.
    """
    errors = _unreadable(options.files)
    if errors:
        return Summary(0, 0, 0, 0, {}, errors, 1)
    sender = Sender(options.to, patience)
    interrupted = False
    with Display() as display:
        work = _Import(options, clock, sender, display)
        try:
            work.run()
        except SendingFailed as error:
            work.errors.append(str(error))
        except KeyboardInterrupt:
            interrupted = True
        finally:
            sender.close()
    return _summary(work, sender, interrupted)


def _unreadable(files: tuple[str, ...]) -> list[str]:
    errors = []
    for name in files:
        try:
            require_readable(name)
        except ReadingFailed as error:
            errors.append(f"{error}; nothing was sent")
    return errors


class _Import:
    """The lines of all files on their way into batches."""

    def __init__(self, options: Options, clock: Clock, sender: Sender, display: Display) -> None:
        self.lines = 0
        self.counted = 0
        self.skipped: Counter[Skip] = Counter()
        self.errors: list[str] = []
        self._options = options
        self._clock = clock
        self._sender = sender
        self._display = display
        self._batch = Batch()

    def run(self) -> None:
        for name in self._options.files:
            before = self.lines
            try:
                self._read(name)
            except ReadingFailed as error:
                lines = self.lines - before
                self.errors.append(f"{error}; the {lines:,} whole lines before that were imported")
        if self._batch.views:
            self._sender.put(self._batch)
        self._sender.finish()

    def _read(self, name: str) -> None:
        before = self.lines
        parser = _parser(self._options, self._clock)
        self._display.begin(name)
        for line in read_lines(name, lambda read: self._display.advance(read, self.lines - before)):
            self.lines += 1
            found = parser.parse(line)
            if isinstance(found, View) and found.hour < self._sender.oldest:
                found = Skip.PAST
            if isinstance(found, View):
                self._gather(found)
            else:
                self.skipped[found] += 1
                self._display.skipped(name, self.lines - before, line, found)

    def _gather(self, view: View) -> None:
        if not self._batch.add(view):
            full, self._batch = self._batch, Batch()
            self._batch.add(view)
            self.counted += view.count
            self._sender.put(full)
        else:
            self.counted += view.count


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


def _summary(work: _Import, sender: Sender, interrupted: bool) -> Summary:
    errors = work.errors
    counted = work.counted - sender.past
    skipped = work.skipped + Counter({Skip.PAST: sender.past_lines})
    complete = sender.accepted == counted
    if interrupted or not complete:
        reason = "interrupted: " if interrupted else ""
        errors.append(reason + _standing(counted, sender.accepted, sender.unknown))
    return Summary(
        lines=work.lines,
        counted=counted,
        accepted=sender.accepted,
        unknown=sender.unknown,
        skipped={reason.value: count for reason, count in skipped.most_common()},
        errors=errors,
        exit_code=_INTERRUPTED_EXIT_CODE if interrupted else int(bool(errors)),
    )


def _standing(counted: int, accepted: int, unknown: int) -> str:
    """What an import that ended early leaves behind, and what repeating it would do."""
    if not accepted and not unknown:
        return "no views were accepted, the import can be repeated as it is"
    doubt = f", {unknown:,} more may or may not have been counted" if unknown else ""
    return (
        f"{accepted:,} of the {counted:,} views read so far were accepted{doubt}; repeating the "
        "import would count that part twice"
    )
