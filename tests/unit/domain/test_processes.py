"""What the name of a connection tells of who holds it."""

import pytest

from cli.wiring.process import application_name, owner_name
from domain.processes import Process, place_of, told
from domain.version import VERSION


@pytest.mark.parametrize(
    ("name", "process"),
    [
        ("footfall read-api 0.3.0 web1-4711", Process("read-api", "0.3.0", "web1-4711", 2)),
        ("footfall 0.3.0.dev0", Process(None, "0.3.0.dev0", None, 2)),
        ("footfall", Process(None, None, None, 2)),
        ("footfallen", None),
        ("psql", None),
        ("", None),
    ],
)
def test_role_version_and_place(name: str, process: Process | None) -> None:
    assert told(name, connections=2) == process


def test_a_process_is_known_by_what_it_calls_itself() -> None:
    name = application_name("read-api")
    assert len(name.encode()) <= 63
    found = told(name, 1)
    assert found is not None
    assert (found.role, found.version) == ("read-api", VERSION)


def test_who_holds_leases_is_known_among_those_who_are_connected() -> None:
    found = told(application_name("projector"), 1)
    assert found is not None
    assert found.place == place_of(owner_name())
    assert place_of("a-host-4711-abcd") == "a-host-4711"
