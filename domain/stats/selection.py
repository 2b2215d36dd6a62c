"""Which pages a question is about."""

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a selection names; the value is the parameter that does."""

    ALL = "all"
    SITE = "site"
    PREFIX = "prefix"
    PAGE = "page"


class Selection(NamedTuple):
    """`value` is a page, what all pages begin with, or a site; empty for all."""

    kind: Kind = Kind.ALL
    value: str = ""

    def holds(self, page: str) -> bool:
        """Is this page one of them?"""
        match self.kind:
            case Kind.ALL:
                return True
            case Kind.SITE:
                return site_of(page) == self.value
            case Kind.PREFIX:
                return page.startswith(self.value)
            case Kind.PAGE:
                return page == self.value


EVERYTHING = Selection()


def site_of(page: str) -> str:
    """What stands before the first slash; a page that begins with one belongs to the site "".

    A page without any slash is its own site.
    """
    return page.partition("/")[0]
