"""Which format the lines of a file are in."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from importer.access_log import AccessLog, is_log_line
from importer.agents import NONE
from importer.counts import Counts, is_counts_line
from importer.formats.cloudfront import CloudFront, is_cloudfront_line
from importer.formats.format_string import FormatString
from importer.formats.json_lines import Caddy, JsonLines, Traefik
from importer.formats.load_balancer import LoadBalancer, is_load_balancer_line
from importer.formats.w3c import W3C, is_fields_line
from importer.formats.wrapped import Wrapped
from importer.requests import Clock, NamedMembers, Reading
from importer.views import ORDINARY, Skip, View

AUTO = "auto"
LOOKED_AT = 100
"""So many lines that are not empty decide."""

_MOST_HELD = 10 * LOOKED_AT
_PATIENCE_SECONDS = 1.5
_UNREADABLE = {Skip.EMPTY, Skip.HEADER, Skip.NO_REQUEST, Skip.CONTINUED}


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
    takes_fields: bool = False


FORMATS: dict[str, Form] = {
    "log": Form(AccessLog, is_log_line),
    "counts": Form(Counts, is_counts_line, is_log=False),
    "elb": Form(LoadBalancer, is_load_balancer_line),
    # Before what it is one of.
    "cloudfront": Form(CloudFront, is_cloudfront_line),
    "w3c": Form(W3C, is_fields_line),
    "caddy": Form(Caddy, Caddy.recognises),
    "traefik": Form(Traefik, Traefik.recognises),
    "json": Form(JsonLines, JsonLines.recognises, takes_fields=True),
}
"""By name; the first of those that read equally many lines is taken."""


class NotHonoured(Exception):
    """The format cannot do what the options ask for."""


_OF_LOGS = (
    "it holds counts; --host, --pages-only and --query keep are for logs: leave them out, "
    "or name the format with --format log"
)
_OF_MEMBERS = (
    "it was read as {}; --fields is for JSON lines of other servers: leave it out, or name the "
    "format with --format json"
)


def known_formats() -> str:
    """Their names, for sentences."""
    return ", ".join(FORMATS)


def parser_of(name: str, clock: Clock, reading: Reading) -> Parser:
    """A parser for one file. Raises `NotHonoured`."""
    form = FORMATS[name]
    if reading.log_format:
        return FormatString(clock, reading)
    if reading.fields and not form.takes_fields:
        raise NotHonoured(_OF_MEMBERS.format(name))
    if form.is_log:
        return form.make(clock, reading)
    if reading._replace(agents=NONE) != Reading():
        raise NotHonoured(_OF_LOGS)
    return form.make(clock)


class _Unknown:
    """Says why the lines are none of any format."""

    name = ""

    def __init__(self, clock: Clock, reading: Reading) -> None:
        self._log, self._json = AccessLog(clock, reading), JsonLines(clock, reading)

    def parse(self, line: bytes) -> View | Skip:
        found = self._log.parse(line)
        return self._json.parse(line) if found is Skip.MALFORMED_LINE else found


class Choice:
    """Lines of one file with what they are; those before the choice are held back until then.

    `name` is the format taken, None before one was.
    """

    def __init__(self, format_: str, clock: Clock, reading: Reading) -> None:
        self.name: str | None = None
        self._clock = clock
        self._reading = reading
        self._parser: Parser | None = None
        self._wrapped = Wrapped()
        self._held: list[bytes] = []
        self._since = 0.0
        if format_ != AUTO:
            self._take(format_)

    def parse(self, line: bytes) -> Iterator[tuple[bytes, View | Skip]]:
        """This line and those held back, or none yet. Raises `NotHonoured` before any of them."""
        if self._parser is not None:
            return iter([(line, self._parsed(line, self._parser))])
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
        parser = self._parser or _Unknown(self._clock, self._reading)
        held, self._held = self._held, []
        return ((line, self._parsed(line, parser)) for line in held)

    def _parsed(self, line: bytes, parser: Parser) -> View | Skip:
        within = self._wrapped.line_in(line)
        return Skip.CONTINUED if within is None else parser.parse(within)

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
        fields = self._reading.fields
        reads = {
            name: (
                _lines_read(form, self._held, self._clock, fields),
                bool(fields) and form.takes_fields,
            )
            for name, form in FORMATS.items()
        }
        best = max(reads, key=reads.__getitem__)
        return best if reads[best][0] else ""


def _lines_read(form: Form, lines: list[bytes], clock: Clock, fields: NamedMembers) -> int:
    reading = Reading(fields=fields if form.takes_fields else ())
    parser: Parser = form.make(clock, reading) if form.is_log else form.make(clock)
    within = filter(None, map(Wrapped().line_in, lines))
    return sum(_is_read(parser.parse(line)) or form.recognises(line) for line in within)


def _is_read(found: View | Skip) -> bool:
    return isinstance(found, View) or found in ORDINARY - _UNREADABLE
