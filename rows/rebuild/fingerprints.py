"""Which hours of two generations differ, on PostgreSQL: by fingerprints that add up."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from rows.rebuild.sides import Compared, Sides, Totals
from rows.tables import HOUR

# An hour of a side in sums that add up over rows, shards and parts: its views, and these weighted
# by four 32-bit hashes of what they are of, others for each class: the halves of two that have 64.
# Where counts differ, one of these sums agrees by chance once in 2^32 and all of them once in 2^128
# or about 10^38. A product of 31 and 32 bits is a bigint: numeric arithmetic takes several times as
# long. More than 31 bits of views in a row are `large`: such an hour is compared row by row.
_HASH = "sum(({views} & 2147483647) * ({hashed} {half}))"
_HALVES = (">> 32", "& 4294967295")
_FINGERPRINTS = """
    SELECT {generation} AS side, {time} AS hour, {count} AS rows, sum({views}) AS views,
           count(*) FILTER (WHERE {views} >> 31 <> 0) AS large, {hashes}
    FROM {source} AND {time} >= :first GROUP BY 1, 2
"""


class Fingerprint(NamedTuple):
    """Of an hour of a side."""

    rows: int
    large: int
    sums: tuple[int, ...]
    """Views first."""

    def plus(self, other: "Fingerprint") -> "Fingerprint":
        """Of both together."""
        sums = tuple(map(add, self.sums, other.sums))
        return Fingerprint(self.rows + other.rows, self.large + other.large, sums)


_NOTHING = Fingerprint(0, 0, (0,) * 5)


class Fingerprints:
    """Of each hour of two sides."""

    def __init__(self, sides: Sides) -> None:
        self._old: dict[datetime, Fingerprint] = {}
        self._new: dict[datetime, Fingerprint] = {}
        self._by_generation = {sides.old: self._old, sides.new: self._new}

    def add(self, found: Iterable[Any]) -> None:
        """Rows of the statement."""
        for side, hour, rows, views, large, *hashes in found:
            known = self._by_generation[side]
            more = Fingerprint(rows, large, tuple(map(int, (views, *hashes))))
            known[hour] = known[hour].plus(more) if hour in known else more

    def totals(self) -> Totals:
        """Of all hours."""
        return Totals(
            old_rows=sum(one.rows for one in self._old.values()),
            new_rows=sum(one.rows for one in self._new.values()),
            old_views=sum(one.sums[0] for one in self._old.values()),
            new_views=sum(one.sums[0] for one in self._new.values()),
        )

    def suspects(self) -> Mapping[datetime, int]:
        """The hours that differ, in order, and how many rows both sides have of each."""
        return {
            hour: old.rows + new.rows
            for hour in sorted(self._old.keys() | self._new.keys())
            if _differ(old := self._old.get(hour, _NOTHING), new := self._new.get(hour, _NOTHING))
        }


def _differ(old: Fingerprint, new: Fingerprint) -> bool:
    return old.sums != new.sums or bool(old.large or new.large)


async def read_fingerprints(
    connection: AsyncConnection, compared: Compared, sides: Sides
) -> Fingerprints:
    """Both sides in one statement, which PostgreSQL may share among parallel workers: a temporary
    table, as what is ahead lies in, would keep it from that.
    """
    found = Fingerprints(sides)
    both = f"{compared.rollup.table.name} WHERE generation IN (:old, :new)"
    ahead = f"{compared.ahead} WHERE true"
    for source, generation, count, views in (
        (both, "generation", "count(*)", compared.rollup.sum),
        (ahead, f"{sides.old}", "0", "old_views"),
        (ahead, f"{sides.new}", "0", "new_views"),
    ):
        statement = _statement(compared, sides, source, generation, count, views)
        found.add(await connection.execute(*statement))
    return found


def _statement(
    compared: Compared, sides: Sides, source: str, generation: str, count: str, views: str
) -> Any:
    hashes = ", ".join(
        compared.sql(_HASH, sides, views=views, half=half, hashed=_hashed(compared, sides, seed))
        for seed in range(2)
        for half in _HALVES
    )
    names = {"source": source, "generation": generation, "count": count, "views": views}
    statement = text(compared.sql(_FINGERPRINTS, sides, hashes=hashes, **names))
    values = {"old": sides.old, "new": sides.new, "first": sides.first}
    wanted = {name: values[name] for name in statement.compile().params}
    return statement.bindparams(bindparam("first", type_=HOUR)), wanted


def _hashed(compared: Compared, sides: Sides, seed: int) -> str:
    return compared.sql(compared.hashed, sides, seed=str(seed))
