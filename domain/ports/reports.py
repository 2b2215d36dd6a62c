"""Reports: the read side of the rows."""

from typing import Protocol

from domain.events import Hour
from domain.reports import HourlyViews


class ReportReader(Protocol):
    """The read side of the rows: live generation only."""

    async def hourly(self, page: str, first: Hour, end: Hour) -> HourlyViews:
        """Views by hour for first <= hour < end, under the name the page is counted under.

        Hours without views are left out, and hours that are past.
        """
