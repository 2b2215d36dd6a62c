"""Selections as spans of pages: what they hold, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.page_rules import NO_RULES, PageRules
from domain.stats.selection import EVERYTHING, Kind, Selection
from rows.stats.spans import Span, spans, storable, successor
from tests.contract.stats.examples import PAGES, SELECTIONS

PREFIXES = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text(
    st.sampled_from("a\ud7ff\ue000\uffff\U0010fffe\U0010ffff"), max_size=4
)


def holds(span: Span, page: str) -> bool:
    """By bytes, as databases compare."""
    if span.low == span.high:
        return page == span.low
    return page.encode() >= span.low.encode() and (
        span.high is None or page.encode() < span.high.encode()
    )


@given(PREFIXES, PREFIXES)
def test_what_begins_with_a_prefix_is_all_before_its_successor(prefix: str, other: str) -> None:
    high = successor(prefix)
    for page in (prefix, prefix + other, other, high or ""):
        assert page.startswith(prefix) == holds(Span(prefix, high), page)


@pytest.mark.parametrize(
    ("prefix", "high"),
    [
        ("", None),
        ("a", "b"),
        ("a\U0010ffff\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("a\ud7ff", "a\ue000"),
        ("a\uffff", "a\U00010000"),
        ("example.com/", "example.com0"),
    ],
)
def test_successors(prefix: str, high: str | None) -> None:
    assert successor(prefix) == high


@given(SELECTIONS, PAGES)
def test_spans_hold_what_the_selection_holds(selection: Selection, page: str) -> None:
    found = spans(selection, NO_RULES)
    assert sum(holds(span, page) for span in found) == selection.holds(page)
    assert [span.low for span in found] == sorted(span.low for span in found)


def test_pages_and_sites_are_named_by_the_rules_and_prefixes_are_not() -> None:
    rules = PageRules("lower-host,strip-trailing-slash,strip-query")
    page = Selection(Kind.PAGE, "Example.com/Blog/?a=1")
    assert spans(page, rules) == [Span("example.com/Blog", "example.com/Blog")]
    assert spans(Selection(Kind.SITE, "Example.com"), rules) == [
        Span("example.com", "example.com"),
        Span("example.com/", "example.com0"),
    ]
    prefix = Selection(Kind.PREFIX, "Example.com/")
    assert spans(prefix, rules) == [Span("Example.com/", "Example.com0")]
    assert spans(EVERYTHING, rules) == [Span("", None)]


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_what_no_page_holds_selects_nothing(text: str) -> None:
    assert not any(spans(Selection(kind, text), NO_RULES) for kind in Kind if kind is not Kind.ALL)
    assert storable(text) == "a"
