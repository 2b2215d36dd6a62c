"""From files to a summary."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from importer.agents import LABEL
from importer.batch import Line
from importer.ending import Ended, ending_on_signals
from importer.files import look_at, require_same
from importer.formats.choice import AUTO, Choice, NotHonoured, known_formats
from importer.gathering import Gathering
from importer.progress import Display
from importer.reading import ReadingFailed, read_lines, shown_name
from importer.requests import Clock, NamedMembers, Reading
from importer.sending import Patience, Sender, SendingFailed
from importer.source import STDIN, identity_of
from importer.standing import standing
from importer.summary import Summary, nothing_sent
from importer.views import UNREAD, Skip, View


@dataclass(frozen=True, slots=True)
class Options:
    """What to import, where to, and how its lines are read.

    Of the first file, the lines before `from_line` are left out. `log_format` goes with the format
    `log`. Of user agents is sent what `agents` says, one of `importer.agents.SENT`. A service may
    ask for the `key`.
    """

    files: tuple[str, ...]
    to: str
    host: str = ""
    pages_only: bool = False
    format: str = AUTO
    from_line: int = 1
    query: str = "cut"
    log_format: str = ""
    fields: NamedMembers = ()
    agents: str = LABEL
    # Not shown: it is a secret.
    key: str = field(default="", repr=False)


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
            return nothing_sent(["interrupted: nothing was sent"], [], ended.exit_code)
        if errors:
            return nothing_sent(errors, warnings, 1)
        patience = patience or Patience()
        sender = Sender(options.to, patience, options.key)
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
    """`done` lines of `file` are gathered, or left out; whether any is in its format."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.done = 0
        self.read = False
        self.unread: Skip | None = None

    def note(self, found: View | Skip) -> None:
        """A header alone is an export of nothing, and says nothing of what follows it."""
        if isinstance(found, View):
            self.read = True
        elif found in UNREAD:
            self.unread = self.unread or found
        elif found not in {Skip.EMPTY, Skip.HEADER}:
            self.read = True


class _Import:
    """The lines of all files on their way into batches."""

    def __init__(
        self, options: Options, clock: Clock, sender: Sender, display: Display, linger: float
    ) -> None:
        self.lines = 0
        self.skipped: Counter[Skip] = Counter()
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.formats: dict[str, str] = {}
        self.is_misused = False
        self._options = options
        self._clock = clock
        self._choice = self._new_choice()
        self._sender = sender
        self._display = display
        self._gathering = Gathering(sender, linger)
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
            except NotHonoured as error:
                self.is_misused = True
                self.errors.append(f"{shown_name(name)}: {error}; no line from there on was sent")
                break
        self._gathering.send()
        self._sender.finish()

    def next_line(self) -> Line:
        """The first line of which a view may not have been put to be sent."""
        return self._gathering.not_put() or Line(self._at.file, self._at.done + 1)

    @property
    def counted(self) -> int:
        """Views that were found."""
        return self._gathering.counted

    def _read(self, name: str) -> None:
        self._at = _Position(name)
        self._choice = self._new_choice()
        self._display.begin(name)
        try:
            for line in read_lines(name, self._advance, self._tick, self.warnings.append):
                self._take_each(self._choice.parse(line))
        except ReadingFailed:
            self._take_each(self._choice.rest())
            raise
        self._take_each(self._choice.rest())
        if self._at.done + 1 < self._first_line():
            raise ReadingFailed(f"{shown_name(name)}: it has no line {self._first_line():,}")
        if self._at.unread and not self._at.read:
            self.errors.append(f"{shown_name(name)}: {self._nothing_readable()}")

    def _new_choice(self) -> Choice:
        options = self._options
        reading = Reading(
            options.host,
            options.pages_only,
            options.query,
            log_format=options.log_format,
            fields=options.fields,
            agents=options.agents,
        )
        return Choice(options.format, self._clock, reading)

    def _first_line(self) -> int:
        return self._options.from_line if self._at.file == self._options.files[0] else 1

    def _nothing_readable(self) -> str:
        if self._at.unread in {Skip.NO_FIELDS, Skip.NO_COLUMN}:
            return (
                "no line of it can be read: a line that begins with #Fields: names date, time, "
                "cs-method, cs-uri-stem and sc-status, before the lines it is for"
            )
        if self._options.log_format:
            return "no line of it is written as --log-format says"
        if self._at.unread is Skip.NO_STATUS and self._choice.name == "log":
            return (
                "no line of it has a status behind the request: --log-format says where it stands"
            )
        if self._options.format == AUTO:
            return f"no line of it is in a format that is known: {known_formats()}{self._hint()}"
        return (
            f"no line of it can be read with --format {self._options.format}; known are "
            f"{known_formats()}, and auto finds out{self._hint()}"
        )

    def _hint(self) -> str:
        takes_fields = self._options.format in {AUTO, "json"}
        is_json = self.skipped[Skip.NO_REQUEST] or self.skipped[Skip.TIMESTAMP]
        return "; --fields names the members of JSON lines" if takes_fields and is_json else ""

    def _take_each(self, lines: Iterable[tuple[bytes, View | Skip]]) -> None:
        for line, found in lines:
            self._at.note(found)
            # The lines before the first say how those after them are read.
            if self._at.done + 1 >= self._first_line():
                self._take(line, found)
            self._at.done += 1
        if self._choice.name:
            file = self._at.file
            self.formats[file if file == STDIN else shown_name(file)] = self._choice.name

    def _take(self, line: bytes, found: View | Skip) -> None:
        self.lines += 1
        if isinstance(found, View) and found.hour < self._sender.oldest:
            found = Skip.PAST
        if isinstance(found, View):
            self._gathering.add(found, self._at.file, self._at.done + 1)
        else:
            self.skipped[found] += 1
            self._display.skipped(self._at.file, self._at.done + 1, line, found)

    def _advance(self, stored_bytes: int) -> None:
        self._display.advance(stored_bytes, self._at.done)
        self._tick()

    def _tick(self) -> None:
        self._sender.require_no_fault()
        self._take_each(self._choice.overdue())
        self._gathering.send_overdue()


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
        exit_code=ended_with or (2 if work.is_misused else int(bool(errors))),
        warnings=work.warnings,
        from_line=go_on,
        formats=work.formats,
    )
