"""Whose sources a question is about."""

import pytest

from domain.agents.classes import Agent
from domain.dimensions import Dimension
from domain.page_rules import PageRules
from domain.stats.selection import Kind, Selection
from rows.stats.dimensions import Wanted
from rows.stats.spans import MOST_SITES

MANY = frozenset(f"{number}.example" for number in range(MOST_SITES + 1))
BOTH = frozenset(["a.example", "b.example"])
RULES = PageRules("lower-host")


@pytest.mark.parametrize(
    ("selection", "sites"),
    [
        (Selection(), None),
        (Selection(Kind.SITE, "a.example"), {"a.example"}),
        (Selection(Kind.SITE, ""), {""}),
        (Selection(Kind.SITE, "a/b"), set()),
        (Selection(Kind.SITE, "a\x00"), set()),
        (Selection(sites=frozenset()), set()),
        (Selection(sites=BOTH), BOTH),
        (Selection(sites=MANY), MANY),
        (Selection(Kind.SITE, "7.example", sites=MANY), {"7.example"}),
        (Selection(Kind.SITE, "a.example", sites=MANY), set()),
        (Selection(Kind.SITE, "c.example", sites=BOTH), set()),
        (Selection(source="\ud800"), set()),
        (Selection(sites=BOTH, source="a\x00"), set()),
    ],
)
def test_it_is_of_the_sites_that_are_selected_and_that_may_be_known(
    selection: Selection, sites: set[str] | None
) -> None:
    wanted = Wanted.of(selection, PageRules(""))
    assert wanted.sites == (None if sites is None else frozenset(sites))


def test_a_site_is_named_by_the_rules() -> None:
    for selection in (
        Selection(Kind.SITE, "A.Example"),
        Selection(sites=frozenset(["A.Example"])),
        Selection(Kind.SITE, "a.example", sites=frozenset(["A.EXAMPLE"])),
    ):
        assert Wanted.of(selection, RULES).sites == frozenset(["a.example"])


def test_a_source_is_taken_as_it_is_written() -> None:
    selection = Selection(Kind.SITE, "a", Agent.ROBOT, source="A.Example")
    assert Wanted.of(selection, RULES) == (
        Dimension.SOURCE, frozenset("a"), "A.Example", Agent.ROBOT,
    )  # fmt: skip
