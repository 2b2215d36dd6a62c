"""The tables of the rows, as SQLAlchemy sees them.

The migrations create them; `tests/migrations` holds the two together.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
)

from domain.events import Hour
from domain.hours import from_datetime, to_datetime

metadata = MetaData()


class _Moment(TypeDecorator[Hour]):
    """The start of an hour as a `timestamptz`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Hour | None, dialect: Dialect) -> datetime | None:
        return None if value is None else to_datetime(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> Hour | None:
        return None if value is None else from_datetime(value)


HOUR = Integer().with_variant(_Moment(), "postgresql")
"""An `Hour`: a `timestamptz` in PostgreSQL, where people query it by hand and partitions are cut by
it, and whole hours since 1970 in SQLite, which has no such type."""

generations = Table(
    "generations",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("page_rules", Text, nullable=False),
    Column("carried_before", Integer),
    Column("carried_views", BigInteger, nullable=False),
    Column("expired_views", BigInteger, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False),
    Column("complete_ms", BigInteger, nullable=False, server_default="0"),
    Column("agent_lists", Text, nullable=False, server_default=""),
    Column("carried_dimension_views", BigInteger, nullable=False, server_default="0"),
    Column("expired_dimension_views", BigInteger, nullable=False, server_default="0"),
)
"""`domain.generations.GenerationInfo`; exactly one is live."""

_NAME = Text().with_variant(Text(collation="C"), "postgresql")

hourly_views = Table(
    "hourly_views",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("page", _NAME, primary_key=True),
    Column("view_hour", HOUR, primary_key=True),
    Column("shard", SmallInteger, primary_key=True),
    Column("views", BigInteger, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("views", BigInteger, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("carried_offset", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
    Column("forks", BigInteger, nullable=False, server_default="0"),
    Column("jumps", BigInteger, nullable=False, server_default="0"),
    Column("complete_ms", BigInteger, nullable=False, server_default="0"),
    Column("marked_epoch", BigInteger, nullable=False, server_default="-1"),
    Column("dimension_views", BigInteger, nullable=False, server_default="0"),
    Column("other_pages", BigInteger, nullable=False, server_default="0"),
    Column("other_values", BigInteger, nullable=False, server_default="0"),
)
"""`domain.checkpoint.Checkpoint`; nothing is carried over before `carried_offset`.

Three more totals: `other_pages` are the views that lost the name of their page because strangers
named too many, `dimension_views` is the sum of the rows beside pages that were ever added, and of
these `other_values` lost their value.

Whoever folds under `marked_epoch` marks what it makes untrue of the sums below. Where that is not
`epoch`, an older Footfall may have folded here, which marks nothing: these sums are worth nothing.
"""


def _wide(name: str, what: str, time: str, letter: str, parts: range) -> Table:
    return Table(
        name,
        metadata,
        Column("generation", Integer, primary_key=True, autoincrement=False),
        Column(time, Integer, primary_key=True, autoincrement=False),
        Column(what, _NAME, primary_key=True),
        Column("agent", SmallInteger, primary_key=True, autoincrement=False),
        *(Column(f"{letter}{part:02}", BigInteger) for part in parts),
    )


page_months = _wide("page_months", "page", "month", "d", range(1, 32))
"""Views of a page in a month (whole months since January 1970) by `domain.agents.classes.Agent`: a
column for each day, which counts where `rolled_months` says that it is true. NULL is no view."""

page_years = _wide("page_years", "page", "year", "m", range(1, 13))
"""The same of a year (of our era) with a column for each month that is `whole`."""

site_days = _wide("site_days", "site", "day", "h", range(24))
"""The same of a site in a day (whole days since 1970) with a column for each hour; true where the
day is."""

rolled_months = Table(
    "rolled_months",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("rolled", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("building", BigInteger, nullable=False),
    Column("whole", Boolean, nullable=False),
)
"""The days of a month (whole months since January 1970), bit 0 the first, that have rows: of each
the sums are true (`rolled`), are not (`due`), or somebody is at them and nothing has come in since
(`building`). `whole`: all that is in the month stands in `page_years`."""

rollup_generations = Table(
    "rollup_generations",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("listed", Boolean, nullable=False),
)
"""Do all days of the generation that have rows stand in `rolled_months`?"""

dimension_views = Table(
    "dimension_views",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("dimension", SmallInteger, primary_key=True, autoincrement=False),
    Column("site", _NAME, primary_key=True),
    Column("view_hour", HOUR, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("value", _NAME, primary_key=True),
    Column("agent", SmallInteger, primary_key=True, autoincrement=False),
    Column("views", BigInteger, nullable=False),
)
"""Views of a site in an hour by a value of a `domain.dimensions.Dimension`, by partition of the log
and `domain.agents.classes.Agent`. Of each partition only whoever folds it writes rows."""

dimension_months = Table(
    "dimension_months",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("dimension", SmallInteger, primary_key=True, autoincrement=False),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("site", _NAME, primary_key=True),
    Column("value", _NAME, primary_key=True),
    Column("agent", SmallInteger, primary_key=True, autoincrement=False),
    *(Column(f"d{day:02}", BigInteger) for day in range(1, 32)),
)
"""The same in a month, as `page_months` is of pages and true where that is."""

new_pages = Table(
    "new_pages",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("page", _NAME, primary_key=True),
    Column("first_hour", Integer, primary_key=True, autoincrement=False),
    Column("last_hour", Integer, nullable=False),
    Column("site", _NAME, nullable=False),
    Index("new_pages_by_hour", "generation", "partition", "first_hour", "site"),
)
"""Pages of strangers that had or have a name of their own: `domain.guarding.Known`, a row for each
time that one was new, in whole hours of recording since 1970."""

producer_positions = Table(
    "producer_positions",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("producer", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("log_offset", BigInteger, nullable=False),
    Column("recent", LargeBinary),
)
"""`domain.positions.Position`; `recent` is what `rows/checkpoints.py` makes of its other fields,
None where only a Footfall up to 0.2.0 has folded."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("log_offset", BigInteger, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("kind", String(16)),
    Column("size", BigInteger),
    Column("digest", LargeBinary),
    Column("newest_ms", BigInteger),
)
"""`domain.letters.Letter`: `body` is what is kept of `size` bytes. `newest_ms` is the latest
view in one that a clock set aside. What an older Footfall set aside has none of the last four."""

dead_letters_left_out = Table(
    "dead_letters_left_out",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("letters", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("first_offset", BigInteger, nullable=False),
    Column("last_offset", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
"""Dead letters of which only this is kept: `domain.letters.LeftOut`, and when the last came."""

leases = Table(
    "leases",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(128)),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False, server_default="pages"),
)
"""Every partition there is, who has it, and its `domain.partitioning.PartitionKind`."""

troubles = Table(
    "troubles",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(128), nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("kind", String(32)),
)
"""What an owner cannot fold, and why; true as long as its lease of the partition is. `kind` is
`domain.ownership.TroubleKind`, NULL of an owner up to 0.2.0."""

projectors = Table(
    "projectors",
    metadata,
    Column("owner", String(128), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)

projector_versions = Table(
    "projector_versions",
    metadata,
    Column("owner", String(128), primary_key=True),
    Column("version", String(32), nullable=False),
)
"""Which Footfall each live projector is; those up to 0.2.0 do not say."""

jobs = Table(
    "jobs",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("owner", String(128)),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

retention = Table(
    "retention",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("horizon", Integer, nullable=False),
)
"""One row: the oldest hour that is kept, whole hours since 1970. Only an operator moves it back."""

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("believed_ms", BigInteger, nullable=False),
    Column("ahead_ms", BigInteger, nullable=False),
    Column("watched_ms", BigInteger, nullable=False),
)
"""One row: `domain.clocks.Known`."""

gaps = Table(
    "gaps",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("dropped_before", Integer),
    Column("carried_from", Integer),
)
"""Of generations, where there are any: of the hours before `dropped_before` rows were dropped under
a horizon that has been moved back, so that the log is the better witness of them. Hours before
`carried_from` were not carried over for that."""

audits = Table(
    "audits",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("checked_ms", BigInteger, nullable=False),
    Column("difference", BigInteger, nullable=False),
)
"""The last result of each audit: `totals` (views), `dimensions` (views beside pages), `log` (hours
that differ), `aggregates` (sums that differ)."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("oldest", String(32), nullable=False),
)
"""A database at `revision` is understood by every program that knows the revision `oldest`."""
