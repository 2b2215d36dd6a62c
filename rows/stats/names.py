"""What only one of the databases calls by a name, in SQL."""

from typing import Any

from sqlalchemy import Boolean, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class SiteOf(FunctionElement[str]):
    """`domain.stats.selection.site_of` a page."""

    type = Text()
    inherit_cache = True


class Among(FunctionElement[bool]):
    """Is a text one of those in a list, which is JSON? However many: it is one value."""

    type = Boolean()
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


@compiles(Among, "postgresql")
def _among(element: Among, compiler: Any, **how: Any) -> str:
    name, names = (compiler.process(each, **how) for each in element.clauses)
    return f"{name} IN (SELECT jsonb_array_elements_text(CAST({names} AS jsonb)))"


@compiles(Among, "sqlite")
def _among_in_sqlite(element: Among, compiler: Any, **how: Any) -> str:
    name, names = (compiler.process(each, **how) for each in element.clauses)
    return f"{name} IN (SELECT value FROM json_each({names}))"


@compiles(Place, "postgresql")
def _place(element: Place, compiler: Any, **how: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **how)})"


@compiles(Place, "sqlite")
def _place_in_sqlite(element: Place, compiler: Any, **how: Any) -> str:
    return f"instr({compiler.process(element.clauses, **how)})"
