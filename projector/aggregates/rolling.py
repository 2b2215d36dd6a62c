"""The story of a roll-up: write days down, add up what is due, then the months that are whole."""

from collections.abc import Callable
from itertools import groupby
from typing import Protocol

from domain.aggregates import SLACK_MS, RolledUp, Turn
from domain.calendar import year_of
from domain.errors import Interrupted
from domain.ports.aggregates import Aggregates


class RollUpListener(Protocol):
    """Told how far it is."""

    def rolled_up(self, done: int, total: int) -> None:
        """So many days of `total`."""


class Silent(RollUpListener):
    """Nobody listens."""

    def rolled_up(self, done: int, total: int) -> None:
        """Said to nobody."""


async def roll_up(
    aggregates: Aggregates,
    turn: Turn,
    stopped: Callable[[], bool],
    listener: RollUpListener,
    now_ms: int | None = None,
) -> RolledUp:
    """All that is due of days that are over at `now_ms` (None: the database's clock says).

    Nothing where somebody folds who marks nothing. What comes meanwhile is left for the next time.
    Raises `Interrupted` between two transactions once `stopped`, and `Fenced`.
    """
    done = RolledUp()
    if not await aggregates.marked(turn):
        done.unmarked = True
        return done
    done.listed = await aggregates.list_days(turn)
    over_ms = (await aggregates.now_ms() if now_ms is None else now_ms) - SLACK_MS
    months = await aggregates.open_months(turn, over_ms)
    total = sum(month.due.bit_count() for month in months)
    begun = 0
    for month in months:
        _look(stopped)
        days = await aggregates.begin(turn, month.month, month.due)
        if not await aggregates.settle(turn):
            done.unmarked = True
            return done
        if days:
            await aggregates.add_up(turn, month.month, days, stopped)
            done.days += (await aggregates.finish(turn, month.month, days)).bit_count()
        begun += month.due.bit_count()
        listener.rolled_up(begun, total)
    whole = await aggregates.whole_months(turn, over_ms)
    for _, of_year in groupby(whole, lambda month: year_of(month)[0]):
        _look(stopped)
        done.months += await aggregates.add_up_months(turn, [*of_year], stopped)
    return done


def _look(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Interrupted
