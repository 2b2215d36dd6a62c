"""Which format the lines of a file are in."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from importer.access_log import AccessLog, is_log_line
from importer.counts import Counts, is_counts_line
from importer.formats.cloudfront import CloudFront, is_cloudfront_line
from importer.formats.format_string import FormatString
from importer.formats.load_balancer import LoadBalancer, is_load_balancer_line
from importer.formats.w3c import W3C, is_fields_line
from importer.requests import Clock, Reading
from importer.views import ORDINARY, Skip, View

AUTO = "auto"
LOOKED_AT = 100
"""So many lines that are not empty decide."""

_MOST_HELD = 10 * LOOKED_AT
_PATIENCE_SECONDS = 1.5
_UNREADABLE = {Skip.EMPTY, Skip.HEADER}


class Parser(Protocol):
    """Reads the lines of one file, in their order."""

    name: str

    def parse(self, line: bytes) -> View | Skip:
        """The view in a line without its line feed, or why there is none. Never raises."""


class Form(NamedTuple):
    """A format: `make` takes a clock and a `Reading`; that of counts, which are no log, a clock."""

    make: Callable[..., Parser]
    recognises: Callable[[bytes], bool]
    is_log: bool = True


FORMATS: dict[str, Form] = {
    "log": Form(AccessLog, is_log_line),
    "counts": Form(Counts, is_counts_line, is_log=False),
    "elb": Form(LoadBalancer, is_load_balancer_line),
    # Before what it is one of.
    "cloudfront": Form(CloudFront, is_cloudfront_line),
    "w3c": Form(W3C, is_fields_line),
}
"""By name; the first of those that read equally many lines is taken."""


class NotHonoured(Exception):
    """The format cannot do what the options ask for."""

    def __str__(self) -> str:
        return (
            "it holds counts; --host, --pages-only and --query keep are for logs: leave them out, "
            "or name the format with --format log"
        )


def known_formats() -> str:
    """Their names, for sentences."""
    return ", ".join(FORMATS)


def parser_of(name: str, clock: Clock, reading: Reading) -> Parser:
    """A parser for one file. Raises `NotHonoured`."""
    form = FORMATS[name]
    if reading.log_format:
        return FormatString(clock, reading)
    if form.is_log:
        return form.make(clock, reading)
    if reading != Reading():
        raise NotHonoured
    return form.make(clock)


class Choice:
    """Lines of one file with what they are; those before the choice are held back until then.

    `name` is the format taken, None before one was.
    """

    def __init__(self, format_: str, clock: Clock, reading: Reading) -> None:
        self.name: str | None = None
        self._clock = clock
        self._reading = reading
        self._parser: Parser | None = None
        self._held: list[bytes] = []
        self._since = 0.0
        if format_ != AUTO:
            self._take(format_)

    def parse(self, line: bytes) -> Iterator[tuple[bytes, View | Skip]]:
        """This line and those held back, or none yet. Raises `NotHonoured` before any of them."""
        if self._parser is not None:
            return iter([(line, self._parser.parse(line))])
        if not self._held:
            self._since = time.monotonic()
        self._held.append(line)
        if len(self._held) < LOOKED_AT or not self._is_enough():
            return iter(())
        return self.rest()

    def overdue(self) -> Iterator[tuple[bytes, View | Skip]]:
        """Those held back for long, where one of them tells their format. Raises `NotHonoured`."""
        waited = bool(self._held) and time.monotonic() - self._since > _PATIENCE_SECONDS
        return self.rest() if waited and self._best() else iter(())

    def rest(self) -> Iterator[tuple[bytes, View | Skip]]:
        """All that are held back. Raises `NotHonoured` before any of them."""
        if self._parser is None and self._held and (best := self._best()):
            self._take(best)
        # Lines that no format knows do not decide: what comes behind them may be known.
        parser = self._parser or AccessLog(self._clock, self._reading)
        held, self._held = self._held, []
        return ((line, parser.parse(line)) for line in held)

    def _take(self, name: str) -> None:
        self._parser = parser_of(name, self._clock, self._reading)
        self.name = name

    def _is_enough(self) -> bool:
        return (
            len(self._held) >= _MOST_HELD
            or sum(map(bool, map(bytes.strip, self._held))) >= LOOKED_AT
        )

    def _best(self) -> str:
        """The format that reads most of the lines held back, empty where none reads any."""
        reads = {name: _lines_read(form, self._held, self._clock) for name, form in FORMATS.items()}
        best = max(reads, key=reads.__getitem__)
        return best if reads[best] else ""


def _lines_read(form: Form, lines: list[bytes], clock: Clock) -> int:
    parser = form.make(clock, Reading()) if form.is_log else form.make(clock)
    return sum(_is_read(parser.parse(line)) or form.recognises(line) for line in lines)


def _is_read(found: View | Skip) -> bool:
    return isinstance(found, View) or found in ORDINARY - _UNREADABLE
