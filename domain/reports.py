"""What the read side answers with."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from domain.checkpoint import Checkpoint
from domain.events import Generation, Hour, Partition
from domain.letters import NO_LETTERS, LetterCounts
from domain.ownership import Trouble


class Watermark(Struct, frozen=True):
    """How complete an answer is, from the snapshot of its numbers.

    Every view that was confirmed before `complete_ms` is in it; 0: that is not known. `now_ms` is
    the same clock, the database's, when the answer was made.
    """

    generation: Generation
    complete_ms: int
    now_ms: int


NOTHING_KNOWN = Watermark(Generation(0), 0, 0)


class HourlyViews(dict[Hour, int]):
    """Views by hour; hours before `horizon` are past and left out."""

    def __init__(
        self, views: dict[Hour, int], horizon: Hour, watermark: Watermark = NOTHING_KNOWN
    ) -> None:
        super().__init__({hour: count for hour, count in views.items() if hour >= horizon})
        self.horizon = horizon
        self.watermark = watermark


class AuditResult(Struct, frozen=True):
    """The last audit of a kind: `totals` and `dimensions` of views, `log` of pages and hours."""

    generation: int
    kind: str
    checked_ms: int
    difference: int


class Facts(Struct, frozen=True):
    """What is measured, from one moment: checkpoints are those of the live generation.

    `clock_ahead_ms` is how far the clocks are ahead of what retention believes, 0: they are not.
    `dead_letters` is their number, `letters` has more of them. `other_pages` and `other_values` are
    views of the live generation that lost the name of their page, or of their source, because
    there were too many.
    """

    generation: int
    horizon_hour: int
    dead_letters: int
    checkpoints: Sequence[Checkpoint]
    audits: Sequence[AuditResult]
    troubles: Mapping[Partition, Trouble] = field(default_factory=dict)
    clock_ahead_ms: int = 0
    letters: LetterCounts = NO_LETTERS
    other_pages: int = 0
    other_values: int = 0
