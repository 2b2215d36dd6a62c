"""What only one of the databases calls by a name, in SQL."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class SiteOf(FunctionElement[str]):
    """`domain.stats.selection.site_of` a page."""

    type = Text()
    inherit_cache = True


class Place(FunctionElement[int]):
    """Where a text first holds another, 0 where it does not: by its bytes, no patterns."""

    inherit_cache = True


@compiles(SiteOf, "postgresql")
def _site(element: SiteOf, compiler: Any, **how: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **how)}, '/', 1)"


@compiles(SiteOf, "sqlite")
def _site_in_sqlite(element: SiteOf, compiler: Any, **how: Any) -> str:
    page = compiler.process(element.clauses, **how)
    return f"substr({page}, 1, instr({page} || '/', '/') - 1)"


@compiles(Place, "postgresql")
def _place(element: Place, compiler: Any, **how: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **how)})"


@compiles(Place, "sqlite")
def _place_in_sqlite(element: Place, compiler: Any, **how: Any) -> str:
    return f"instr({compiler.process(element.clauses, **how)})"
