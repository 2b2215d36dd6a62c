"""Which sums the fold keeps, declared once: what writes, copies or compares rows goes by this."""

from typing import NamedTuple

from sqlalchemy import Table

from domain.agents.classes import SLOTS, Agent
from rows.tables import dimension_views, hourly_views


class Rollup(NamedTuple):
    """`sum` by generation and `keys`, one row in `table` for each.

    `time` is the key that says when.
    """

    table: Table
    keys: tuple[str, ...]
    time: str
    sum: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All of the table."""
        return ("generation", *self.keys, self.sum)

    def sql(self, template: str, **more: str) -> str:
        """A statement: the roll-up's names, and `more`, at their places in `template`."""
        return template.format(
            **{
                "table": self.table.name,
                "columns": ", ".join(self.columns),
                "keys": ", ".join(self.keys),
                "time": self.time,
                "sum": self.sum,
            }
            | more
        )


_PERSON, _ = SLOTS[Agent.PERSON]
AGENT = (
    f"CASE WHEN shard >= 0 THEN {Agent.UNKNOWN:d} WHEN shard >= {_PERSON} THEN {Agent.PERSON:d} "
    f"ELSE {Agent.ROBOT:d} END"
)
"""The number of the class that a slot says, in SQL."""

HOURLY = Rollup(hourly_views, keys=("page", "view_hour", "shard"), time="view_hour", sum="views")
"""Its keys come in the order of `domain.counting.RowKey`."""

DIMENSIONS = Rollup(
    dimension_views,
    keys=("dimension", "site", "view_hour", "partition", "value", "agent"),
    time="view_hour",
    sum="views",
)
"""What is counted beside pages (`domain.dimensions.DimensionKey`), for each partition by itself."""
