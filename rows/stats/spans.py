"""A selection as spans of pages in the order of their bytes, which is that of the rows' key. Pure.

By UTF-8 texts are in the order of their code points, as Python compares them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.page_rules import PageRules
from domain.stats.selection import Kind, Selection, site_of

_LAST = "\U0010ffff"
# No page holds these, and PostgreSQL takes neither.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Span(NamedTuple):
    """Pages from `low` up to, not including, `high`; None: to the last. Both the same: one page."""

    low: str
    high: str | None


def spans(selection: Selection, rules: PageRules) -> Sequence[Span]:
    """What the selection holds where pages are counted by `rules`: in their order, none twice.

    A page or a site is named by the rules; a prefix is taken as it is written.
    """
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
            site = site_of(rules.apply(value))
            below = f"{site}/"
            return [_only(site), Span(below, successor(below))]
        case _:
            return []


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


def _only(page: str) -> Span:
    return Span(page, page)
