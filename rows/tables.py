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
)
"""`domain.generations.GenerationInfo`; exactly one is live."""

hourly_views = Table(
    "hourly_views",
    metadata,
    Column("generation", Integer, primary_key=True),
    Column("page", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
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
)
"""`domain.checkpoint.Checkpoint`; nothing is carried over before `carried_offset`."""

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
)

troubles = Table(
    "troubles",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(128), nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
"""What an owner cannot fold, and why; true as long as its lease of the partition is."""

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
"""The last result of each audit: `totals` (views), `log` (hours that differ)."""

compatibility = Table(
    "compatibility",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("oldest", String(32), nullable=False),
)
"""A database at `revision` is understood by every program that knows the revision `oldest`."""
