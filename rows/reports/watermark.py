"""How complete an answer is, as part of the statement that makes it."""

from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.events import Generation
from domain.reports import Watermark
from rows.database import clock_ms


class now_ms(GenericFunction[int]):  # noqa: N801
    """The database's clock in milliseconds, in a statement that is made for either database."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms)
def _compile(_: now_ms, compiler: Any, **how: Any) -> str:
    dialect: Dialect = compiler.dialect
    return str(compiler.process(clock_ms(dialect), **how))


def read_watermark(row: Any) -> Watermark:
    """Of a row with a live generation's columns `generation` and `complete_ms`, and `now_ms`."""
    # A clock that was set back had said more than it can hold now.
    known = row.complete_ms <= row.now_ms
    return Watermark(Generation(row.generation), row.complete_ms if known else 0, row.now_ms)
