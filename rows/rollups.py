"""Which sums the fold keeps, declared once: what writes, copies or compares rows goes by this."""

from typing import NamedTuple

from sqlalchemy import Table

from rows.tables import hourly_views


class Rollup(NamedTuple):
    """`sum` by generation and `keys`, one row in `table` for each.

    The keys come in the order of `domain.projection.RowKey`; `time` is the one that says when.
    """

    table: Table
    keys: tuple[str, ...]
    time: str
    sum: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All of the table."""
        return ("generation", *self.keys, self.sum)

    @property
    def compared(self) -> tuple[str, ...]:
        """The keys that mean something: shards only spread the load."""
        return tuple(key for key in self.keys if key != "shard")

    def sql(self, template: str, **more: str) -> str:
        """A statement: the roll-up's names, and `more`, at their places in `template`."""
        return template.format(
            **{
                "table": self.table.name,
                "columns": ", ".join(self.columns),
                "keys": ", ".join(self.keys),
                "compared": ", ".join(self.compared),
                "time": self.time,
                "sum": self.sum,
            }
            | more
        )


HOURLY = Rollup(hourly_views, keys=("page", "view_hour", "shard"), time="view_hour", sum="views")
