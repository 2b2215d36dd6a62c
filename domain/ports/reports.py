"""Reports: the read side of the rows."""

from typing import Protocol

from domain.agents.classes import Agent
from domain.events import Hour
from domain.reports import HourlyViews


class ReportReader(Protocol):
    """The read side of the rows: live generation only."""

    async def hourly(
        self,
        page: str,
        first: Hour,
        end: Hour,
        agent: Agent | None = None,
        sites: frozenset[str] | None = None,
    ) -> HourlyViews:
        """Views by hour for first <= hour < end, under the name the page is counted under.

        Only those that `agent` made, None: anybody; and none where the page is of another site than
        `sites`, None: of any.
        Hours without views are left out, and hours that are past.
        """
