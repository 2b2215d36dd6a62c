"""How complete an answer is, as part of the statement that makes it."""

from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.events import Generation
from domain.reports import Watermark
from rows.database import clock_ms
from rows.tables import checkpoints, leases

COMPLETE_MS = (
    select(func.min(func.coalesce(checkpoints.c.complete_ms, literal_column("0"))))
    .select_from(
        leases.outerjoin(
            checkpoints,
            and_(
                checkpoints.c.partition == leases.c.partition,
                checkpoints.c.generation == bindparam("generation"),
            ),
        )
    )
    .scalar_subquery()
    .label("complete_ms")
)
"""The least over all partitions there are, of the parameter `generation`: one that it has no
checkpoint of may hold anything. A value that is read once, however many rows the statement has."""


class _Clock(GenericFunction[int]):
    """The database's clock in milliseconds, whichever database it is."""

    type = BigInteger()
    inherit_cache = True
    name = "footfall_clock"


@compiles(_Clock)
def _compile_clock(_: Any, compiler: Any, **how: Any) -> str:
    return str(compiler.process(clock_ms(compiler.dialect), **how))


NOW_MS = select(_Clock()).scalar_subquery().label("now_ms")
"""The clock that `COMPLETE_MS` is of, read once too."""


def read_watermark(generation: Generation, row: Any) -> Watermark:
    """Of a row with `complete_ms` and `now_ms`."""
    complete_ms = row.complete_ms or 0
    # A clock that was set back had said more than it can hold now.
    return Watermark(generation, complete_ms if complete_ms <= row.now_ms else 0, row.now_ms)
