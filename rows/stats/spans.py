"""A selection as spans of pages in the order of their bytes, which is that of the rows' key. Pure.

By UTF-8 texts are in the order of their code points, as Python compares them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.page_rules import PageRules
from domain.stats.selection import Kind, Selection, site_of, sites_named

_LAST = "\U0010ffff"
# No page holds these, and PostgreSQL takes neither.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


MOST_SITES = 32
"""Of so many each has spans of its own. Of more all names are looked at, whose they are."""


class Span(NamedTuple):
    """Pages from `low` up to, not including, `high`; None: to the last. Both the same: one page.

    Of these only the ones of `sites`, None: of any.
    """

    low: str
    high: str | None
    sites: frozenset[str] | None = None


def spans(selection: Selection, rules: PageRules) -> Sequence[Span]:
    """What the selection holds where pages are counted by `rules`: in their order, none twice.

    A page or a site is named by the rules, so are the sites that it is within; a prefix is taken as
    it is written.
    """
    found = _pages(selection, rules)
    if selection.sites is None:
        return found
    named = _known(selection.sites, rules)
    return _narrowed(found, named, [span for site in named for span in _of_site(site)])


def sites(selection: Selection, rules: PageRules) -> Sequence[Span] | None:
    """The same as spans of sites; None where the selection does not hold each site as a whole."""
    found = _sites(selection, rules)
    if found is None or selection.sites is None:
        return found
    named = _known(selection.sites, rules)
    return _narrowed(found, named, [_only(site) for site in named])


def _pages(selection: Selection, rules: PageRules) -> Sequence[Span]:
    value = selection.value
    if not is_storable(value):
        return []
    match selection.kind:
        case Kind.ALL:
            return [Span("", None)]
        case Kind.PREFIX:
            return [Span(value, successor(value))]
        case Kind.PAGE:
            return [_only(rules.apply(value))]
        case Kind.SITE if site_of(value) == value:
            return _of_site(site_of(rules.apply(value)))
        case _:
            return []


def _sites(selection: Selection, rules: PageRules) -> Sequence[Span] | None:
    value = selection.value
    if not is_storable(value):
        return []
    match selection.kind:
        case Kind.ALL:
            return [Span("", None)]
        # What begins a site's name begins those of its pages.
        case Kind.PREFIX if "/" not in value:
            return [Span(value, successor(value))]
        case Kind.SITE if site_of(value) == value:
            return [_only(site_of(rules.apply(value)))]
        case Kind.SITE:
            return []
        case _:
            return None


def successor(prefix: str) -> str | None:
    """The first text behind all that begin with `prefix`; None where none is."""
    found = prefix.rstrip(_LAST)
    if not found:
        return None
    following = ord(found[-1]) + 1
    # Surrogates are no characters: none stands between these two.
    return found[:-1] + chr(0xE000 if following == 0xD800 else following)


def is_storable(text: str) -> bool:
    """Could it be a part of a page?"""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """What stands before the first character that no page has."""
    return _UNSTORABLE.split(text, 1)[0]


def _of_site(site: str) -> Sequence[Span]:
    below = f"{site}/"
    return [_only(site), Span(below, successor(below))]


def _only(page: str) -> Span:
    return Span(page, page)


def _known(known: frozenset[str], rules: PageRules) -> frozenset[str]:
    return frozenset(filter(is_storable, sites_named(known, rules)))


def _narrowed(found: Sequence[Span], sites: frozenset[str], theirs: Sequence[Span]) -> list[Span]:
    """What of `found` is of the sites, which `theirs` hold."""
    if len(sites) <= MOST_SITES:
        in_order = sorted(theirs)
        both = (_both(one, other) for one in found for other in in_order)
        return [span for span in both if span]
    return [
        span._replace(sites=sites)
        for span in found
        if span.low != span.high or site_of(span.low) in sites
    ]


def _both(one: Span, other: Span) -> Span | None:
    """What both hold; of a span of one page nothing else is asked."""
    if one.low == one.high or other.low == other.high:
        page, around = (one, other) if one.low == one.high else (other, one)
        return page if _holds(around, page.low) else None
    low = max(one.low, other.low)
    highs = [high for high in (one.high, other.high) if high is not None]
    high = min(highs, default=None)
    return Span(low, high) if high is None or low < high else None


def _holds(span: Span, page: str) -> bool:
    if span.low == span.high:
        return page == span.low
    return span.low <= page and (span.high is None or page < span.high)
