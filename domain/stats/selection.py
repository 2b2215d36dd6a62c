"""Which pages a question is about."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from domain.agents.classes import Agent
from domain.page_rules import PageRules


class Kind(Enum):
    """What a selection names; the value is the parameter that does."""

    ALL = "all"
    SITE = "site"
    PREFIX = "prefix"
    PAGE = "page"


class Selection(NamedTuple):
    """`value` is a page, what all pages begin with, or a site; empty for all.

    Only views that `agent` made are counted, None: all. Of all pages only those of `sites` are,
    None: of any site. A `source` counts only views that came from there (`domain.dimensions`),
    which nobody knows of a page: with it `kind` is all or site.
    """

    kind: Kind = Kind.ALL
    value: str = ""
    agent: Agent | None = None
    sites: frozenset[str] | None = None
    source: str | None = None

    def within(self, sites: frozenset[str] | None) -> "Selection":
        """What of it is of these `sites`; None: all of it."""
        if sites is None:
            return self
        return self._replace(sites=sites if self.sites is None else self.sites & sites)

    def holds(self, page: str) -> bool:
        """Is this page one of them?"""
        if self.sites is not None and site_of(page) not in self.sites:
            return False
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


def sites_named(sites: Iterable[str], rules: PageRules) -> frozenset[str]:
    """Under which names these sites are counted, by the rules; what is none is left out."""
    return frozenset(site_of(rules.apply(site)) for site in sites if site_of(site) == site)
