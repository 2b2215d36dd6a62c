"""Names as they are told: pages by their path within the site, sources with a word for none."""

from collections.abc import Callable

from domain.dimensions import NONE
from domain.page_rules import PageRules
from domain.stats.ranking import By
from domain.stats.selection import site_of

DIRECT = "Direct / None"
"""The source of viewers who came from nowhere."""


class Names:
    """How names of a site are `told`, where pages are counted by `rules`."""

    def __init__(self, by: By, site: str, rules: PageRules) -> None:
        self._site, self._rules = site, rules
        self.told: Callable[[str], str] = _source if by is By.SOURCE else self._path
        self.counted: Callable[[str], str] = _same if by is By.SOURCE else self._counted
        """How what is asked for would be told: the rules name it first."""
        # Under a rule that strips the slash, a site's first page has no other name than the site's.
        self._root = "/" if rules.apply(f"{site}/") == rules.apply(site) else ""

    def _path(self, page: str) -> str:
        return page[len(site_of(page)) :] or self._root

    def _counted(self, path: str) -> str:
        return self._path(self._rules.apply(self._site + path)) if path.startswith("/") else path


def _source(source: str) -> str:
    return DIRECT if source == NONE else source


def _same(text: str) -> str:
    return text
