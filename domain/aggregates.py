"""Sums that are kept beside the hourly rows: what is to be done about them, and what was."""

from typing import NamedTuple

from msgspec import Struct

from domain.events import Epoch, Generation

SLACK_MS = 300_000
"""A day is added up when it has been over for so long: most of what comes late has come by then."""


class Turn(NamedTuple):
    """Whose turn it is to add up `generation`: who has that job, under its epoch."""

    job: str
    epoch: Epoch
    generation: Generation


class Month(NamedTuple):
    """A month of a generation and its days as masks (`domain.calendar`), each in one at most.

    Of the days that have rows the sums are true (`rolled`), are not (`due`), or somebody is at them
    (`building`). `whole`: what the whole month adds up to is kept too.
    """

    month: int
    rolled: int
    due: int
    building: int
    whole: bool

    @property
    def open(self) -> int:
        """The days that are to be added up."""
        return self.due | self.building


class RolledUp(Struct):
    """What one run has done; nothing more where somebody folds who is `unmarked`."""

    listed: bool = False
    days: int = 0
    months: int = 0
    unmarked: bool = False

    def __bool__(self) -> bool:
        return self.listed or bool(self.days or self.months)

    def __str__(self) -> str:
        return f"{self.days:,} days, {self.months:,} whole months"


class SumsAudit(Struct, frozen=True):
    """The sums of a generation against its hourly rows, where they are said to be true.

    `differing` of them are not what the rows of these `days` and whole `months` add up to.
    """

    generation: Generation
    days: int
    months: int
    differing: int
