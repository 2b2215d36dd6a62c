"""How long things are kept: rows by the hour they count, the log by when it was recorded."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from domain.clocks import Known
from domain.events import Generation, Hour, Partition
from domain.hours import HOUR_MS, as_text, hour_of

# Beyond the days that rows are kept. An event is recorded at most RECORDED_BEFORE_MS before its
# hour, so this leaves most of a day for clocks that differ.
SLACK_MS = 24 * HOUR_MS
# The pieces in which a broker keeps a stream and lets go of it. Who leads the stream next reads
# through every message's header in the last piece before it takes anything (0.09 ms each on
# RabbitMQ 3.10), and looks twice at the end of each piece (0.9 ms): up to some gigabytes of small
# messages this size costs least. Streams declared by 0.2.0 and before have 64 MB.
SEGMENT_BYTES = 4_000_000


NOTHING_PAST = Hour(-20_000_000)
"""The horizon before anything is past: before the year 1."""


def horizon(now_ms: int, days: int) -> Hour | None:
    """The oldest hour that is kept, None where everything is."""
    return Hour(hour_of(now_ms) - days * 24) if days else None


def log_cut_ms(now_ms: int, days: int) -> int | None:
    """What was recorded before this moment may go from the log, None where nothing may.

    No event of an hour that is kept was recorded before it: the log can always give back every
    hour that reports show.
    """
    oldest = horizon(now_ms, days)
    return None if oldest is None else oldest * HOUR_MS - SLACK_MS


def stream_max_age(days: int) -> str | None:
    """How long a broker keeps a stream, in its words; None for ever.

    A day more than the log needs: it goes by whole segments and by its own clock.
    """
    return f"{days + 2}D" if days else None


class ExpiredRows(Struct, frozen=True):
    """Rows of a generation that are past: in `table`, of the hours `first` to `last`."""

    generation: Generation
    table: str
    rows: int
    views: int
    first: Hour
    last: Hour

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows with {self.views:,} views of generation {self.generation}, "
            f"{as_text(self.first)} to {as_text(self.last)} ({self.table})"
        )


class Leftovers(Struct, frozen=True):
    """Producer positions that are not looked at any more, and dead letters that are old."""

    positions: int
    dead_letters: int


class Removal(Struct):
    """What retention removes, or would.

    `waiting_rows` are past too, but go later, with the rest of their month. `held` is what is
    known of the time where the clocks are ahead of it: nothing went because of that.
    """

    horizon: Hour
    rows: Sequence[ExpiredRows] = []
    generations: Sequence[Generation] = []
    leftovers: Leftovers = Leftovers(0, 0)
    log_entries: Mapping[Partition, int] = {}
    waiting_rows: int = 0
    held: Known | None = None
