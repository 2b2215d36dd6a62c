"""What is said of the lists by which viewers were classed."""

from cli.output.agents import class_lines, listed
from cli.output.rebuild import summary
from domain.agents.classes import Agent
from domain.agents.lists import lists_of, single, with_list
from domain.events import Generation, Hour
from domain.generations import Diff, HourDifference


def test_a_list_stands_once_and_the_newest_last() -> None:
    assert with_list("", "a 1") == "a 1"
    assert with_list(with_list("a 1", "b 2"), "a 1") == "a 1\nb 2"
    assert with_list("a 1", "") == "a 1"
    assert lists_of("a 1\nb 2") == ["a 1", "b 2"]
    assert [single(lists) for lists in ("", "a 1", "a 1\nb 2")] == [None, "a 1", None]


def test_rows_that_another_list_has_classed_are_told_with_what_to_do() -> None:
    assert [*class_lines("", "a 1"), *class_lines("a 1", "a 1"), *class_lines("a 1", "")] == []
    for lists, told in (("a 0", "a 0"), ("a 0\na 1", "a 0, a 1")):
        (line,) = class_lines(lists, "a 1")
        assert f"classed by {told}, this Footfall classes by a 1: footfall replay" in line
    assert listed("") == "no list"
    assert listed("a\x1b[2J") == "a\ufffd[2J"


def diff(*largest: HourDifference, by_class: bool, lists: str) -> Diff:
    old, new = Generation(1), Generation(2)
    return Diff(old, new, Hour(0), 1, 1, 3, 3, len(largest), largest, by_class, lists, "a 1")


def test_a_comparison_says_whether_classes_were_compared() -> None:
    found = HourDifference("p", Hour(0), 1, 2, Agent.ROBOT)
    told = summary(diff(found, by_class=True, lists="a 1")).splitlines()
    assert told[-2] == "pages, classes and hours that differ: 1"
    assert told[-1].split() == ["1970-01-01T00:00Z", "1", "->", "2", "robot", "p"]
    told = summary(diff(by_class=False, lists="")).splitlines()
    assert told[-2] == "pages and hours that differ: 0"
    assert told[-1] == (
        "NOT COMPARED: classes of viewers; the live generation was classed by no list, "
        "the new one by a 1"
    )
