"""Sums beside the hourly rows: made step by step, so that they are true whatever comes between."""

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.aggregates import Month, SumsAudit, Turn
from domain.events import Generation


class Aggregates(Protocol):
    """What adds days and months up. All but `live` and `now_ms` raise `Fenced` where the job has
    gone to somebody else, or the generation has become another thing; all raise `StoreUnavailable`.

    For a month: `begin`, `settle`, `add_up`, `finish`. What the fold adds meanwhile takes its days
    out of what is `building`: these stay due.
    """

    async def live(self) -> Generation:
        """The generation that reports read."""

    async def now_ms(self) -> int:
        """The database's clock."""

    async def marked(self, turn: Turn) -> bool:
        """Does everybody who folds into it tell which days change? An older Footfall does not."""

    async def list_days(self, turn: Turn) -> bool:
        """Write down all days that have rows, where nobody has: was it done?

        Not where `marked` is false, or a partition changes hands meanwhile.
        """

    async def distrust(self, turn: Turn) -> None:
        """No sum is true from here on, and none is left: all are made anew, and days are written
        down again.
        """

    async def open_months(self, turn: Turn, over_before_ms: int) -> Sequence[Month]:
        """The months with days to be added up, only these days in `due`, oldest month first.

        These are over before `over_before_ms`, and begin at the horizon or later.
        """

    async def begin(self, turn: Turn, month: int, days: int) -> int:
        """The days of the mask that are still open are being built from here on; returns them."""

    async def settle(self, turn: Turn) -> bool:
        """Every flush is over that could take what is being built for due. False: not `marked`."""

    async def add_up(
        self, turn: Turn, month: int, days: int, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """The sums of these days. Raises `Interrupted` between two transactions once `stopped`."""

    async def finish(self, turn: Turn, month: int, days: int) -> int:
        """Those of them that nothing was added to since `begin` are true; returns these."""

    async def whole_months(self, turn: Turn, over_before_ms: int) -> Sequence[int]:
        """The months that are over and have nothing open, and are not added up as a whole."""

    async def add_up_months(
        self, turn: Turn, months: Sequence[int], stopped: Callable[[], bool] = lambda: False
    ) -> int:
        """Add months of one year up from their days, as `add_up`.

        How many are whole: not those that something was added to meanwhile.
        """


class SumsAudits(Protocol):
    """Reads sums and rows in one snapshot."""

    async def audit(self, generation: Generation, *, by_page: bool = False) -> SumsAudit:
        """What is said to be true and is read: by day and month, or `by_page` and site too.

        Nothing where somebody folds who marks nothing: no sum is read there.
        """
