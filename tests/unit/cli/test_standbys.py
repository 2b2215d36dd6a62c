"""What `footfall check` says of the servers that follow the database."""

import pytest

from cli.output.standbys import standby_lines
from domain.standbys import Standby, Standbys

AGAIN = "they are folded again from the log"
MISSING = f"commits may be missing on one that takes over, {AGAIN}"


def line(
    connected: list[Standby], wanted: str = "", waits: str = "on", *, sees: bool = True
) -> str:
    (found,) = standby_lines(Standbys("footfall", sees, wanted, waits, connected))
    return found


@pytest.mark.parametrize("state", ["sync", "quorum"])
def test_one_that_is_waited_for_is_right(state: str) -> None:
    found = line([Standby("a", "async"), Standby("b", state)], "b")
    assert found == "OK    standby: b has each commit (synchronous)"


def test_of_some_of_which_any_will_do_none_is_said_to_have_all() -> None:
    found = line([Standby("a", "quorum"), Standby("b", "quorum")], "ANY 1 (a, b)")
    assert found == (
        "OK    standby: a, b: each commit is on as many of them as synchronous_standby_names says "
        "(ANY 1 (a, b)): where the server is lost, let the one take over that is furthest"
    )
    both = line([Standby("a", "sync"), Standby("b", "sync")], "FIRST 2 (a, b)")
    assert both == "OK    standby: a, b have each commit (synchronous)"


def test_none_is_a_note() -> None:
    assert line([]).startswith("NOTE  standby: none is connected; ")


def test_one_that_nobody_waits_for_is_asynchronous_whatever_the_role_may_see() -> None:
    told = f"NOTE  standby: a (asynchronous): {MISSING}"
    assert line([Standby("a", "async")]) == told
    assert line([Standby("a", None)], sees=False) == told


@pytest.mark.parametrize("waits", ["off", "local"])
def test_a_role_that_waits_for_none_is_told_of(waits: str) -> None:
    found = line([Standby("a", "sync")], "a", waits)
    so = f"synchronous_commit is {waits} for role footfall, so none is waited for"
    assert found == f"NOTE  standby: a: {so}: {MISSING}"


def test_what_the_role_may_not_see_is_said_with_the_grant() -> None:
    found = line([Standby("a", None)], "a", sees=False)
    assert found.endswith("is not shown to role footfall: GRANT pg_monitor TO footfall")


def test_one_that_was_not_meant_is_none() -> None:
    found = line([Standby("a", "async")], "b")
    assert found == f"NOTE  standby: a: none is one of synchronous_standby_names (b) now: {MISSING}"
