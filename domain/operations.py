"""How the service is run, as far as the rows know: all of one moment."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from domain.calendar import month_of_day
from domain.checkpoint import Checkpoint
from domain.clocks import Known
from domain.events import Generation
from domain.generations import GenerationInfo
from domain.ownership import Ownership, Trouble
from domain.stats.state import Building, State

Phase = Literal["loading", "sorting", "catching-up", "comparing", "adding-up"]
"""Of a generation that is built, in this order; after the last it is live."""

Folding = Literal["caught-up", "folding", "waiting", "stopped", "unheld", "unknown"]
"""What becomes of a partition just now; unknown where the log does not say whether more waits."""


class Days(Struct, frozen=True):
    """Days that are over, of a generation that is built: of how many sums are made, of all."""

    done: int = 0
    total: int = 0


NO_DAYS = Days()


class MonthDays(Struct, frozen=True):
    """A month (`domain.calendar`) and masks of its days: those with sums, and those without."""

    month: int
    rolled: int
    due: int


class Operations(Struct, frozen=True):
    """Of one snapshot; moments are of the database's clock.

    `heard_ms` says of each live projector when it last told of itself, `jobs` who holds each, None:
    nobody. `days` are those of the generation that is built, once it is added up.
    """

    state: State
    generations: Sequence[GenerationInfo]
    checkpoints: Mapping[Generation, Sequence[Checkpoint]]
    ownership: Ownership
    heard_ms: Mapping[str, int]
    jobs: Mapping[str, str | None]
    known: Known
    days: Days = NO_DAYS

    @property
    def live(self) -> Generation:
        """The generation that reports read."""
        return self.state.watermark.generation


def views_of(info: GenerationInfo, folded: Iterable[Checkpoint]) -> int:
    """Views in the rows of a generation, as its running totals have it."""
    return sum(found.views for found in folded) + max(info.carried_views, 0) - info.expired_views


def days_before(today: int, months: Iterable[MonthDays]) -> Days:
    """How many of the days before the day `today` are added up."""
    this_month, bit = month_of_day(today)
    done = total = 0
    for found in months:
        if found.month <= this_month:
            over = bit - 1 if found.month == this_month else -1
            done += (found.rolled & over).bit_count()
            total += ((found.rolled | found.due) & over).bit_count()
    return Days(done, total)


def phase_of(building: Building, days: Days) -> Phase:
    """Where it is, as far as the rows show it.

    While views go on coming in there is always something left of the log, so that sorting looks
    like the end of loading, and comparing like catching up.
    """
    folded = building.done >= building.total
    if building.info.state == "loading":
        return "sorting" if folded else "loading"
    if days.total:
        return "adding-up"
    return "comparing" if folded else "catching-up"


def folding_of(trouble: Trouble | None, behind: int | None) -> Folding:
    """What becomes of a partition of which `behind` offsets wait, None: not known."""
    if trouble is None:
        return "unknown" if behind is None else "folding" if behind else "caught-up"
    if trouble.kind == "unheld":
        return "unheld"
    return "stopped" if trouble.stopped else "waiting"
