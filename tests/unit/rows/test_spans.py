"""Selections as spans of pages: what they hold, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.page_rules import NO_RULES, PageRules
from domain.stats.selection import EVERYTHING, Kind, Selection, site_of
from rows.stats import spans as module
from rows.stats.spans import Span, sites, spans, storable, successor
from tests.contract.stats.examples import PAGES, SELECTIONS, SITES

PREFIXES = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text(
    st.sampled_from("a\ud7ff\ue000\uffff\U0010fffe\U0010ffff"), max_size=4
)


def holds(span: Span, page: str) -> bool:
    """By bytes, as databases compare."""
    if span.sites is not None and site_of(page) not in span.sites:
        return False
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


@given(SELECTIONS, st.lists(PAGES, min_size=1), SITES, st.booleans())
def test_spans_within_sites_hold_what_is_of_these_alone(
    selection: Selection, pages: list[str], known: frozenset[str], many: bool
) -> None:
    """Whether each of them has spans of its own, or they are too many for that."""
    asked = selection.within(known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_SITES", 0 if many else 100)
        found, whole = spans(asked, NO_RULES), sites(asked, NO_RULES)
    assert [span.low for span in found] == sorted(span.low for span in found)
    for page in pages:
        held = sum(holds(span, page) for span in found)
        assert held == (selection.holds(page) and site_of(page) in known) == asked.holds(page)
        if whole is not None:
            assert sum(holds(span, site_of(page)) for span in whole) == held


def test_the_sites_that_a_caller_knows_are_named_by_the_rules_as_those_that_are_asked_for() -> None:
    rules = PageRules("lower-host")
    known = frozenset({"Example.com", "other.example/of-no-site", "a\x00"})
    for asked in (EVERYTHING, Selection(Kind.SITE, "EXAMPLE.com"), Selection(Kind.PREFIX, "ex")):
        assert spans(asked.within(known), rules) == [
            Span("example.com", "example.com"),
            Span("example.com/", "example.com0"),
        ]
    assert spans(Selection(Kind.PAGE, "EXAMPLE.com/A").within(known), rules) == [
        Span("example.com/A", "example.com/A")
    ]
    assert not spans(Selection(Kind.PAGE, "Example.org/A").within(known), rules)


def test_who_is_within_sites_is_within_both_where_a_question_is_too() -> None:
    one = EVERYTHING.within(frozenset("ab"))
    assert one.within(None) is one
    assert one.within(frozenset("bc")) == EVERYTHING.within(frozenset("b"))
    assert EVERYTHING.within(None) is EVERYTHING


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
