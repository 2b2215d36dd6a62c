"""Ports of the tests' servers: nobody else gets them, and no stranger is taken for a server."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ports import free_port, listens, outside

ASK = "from tests.ports import free_port; print(*(free_port() for _ in range(50)))"
LISTEN = (
    "import socket, sys; found = socket.create_server(('127.0.0.1', 0));"
    "print(found.getsockname()[1], flush=True); sys.stdin.read()"
)


def test_no_two_processes_are_given_the_same() -> None:
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    found = [int(port) for one in asking for port in one.communicate()[0].split()]
    assert len(found) == 150
    assert len({*found, *(free_port() for _ in range(50))}) == 200


def test_what_somebody_listens_on_is_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = free_port()
    # A count of its own, which knows nothing of the one above.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"footfall-tests-port-{os.getuid()}").write_text(str(taken - 1))
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() != taken


def test_one_that_browsers_open_no_page_at_is_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"footfall-tests-port-{os.getuid()}").write_text("10079")
    assert free_port() != 10_080


@given(st.integers(1, 65_535), st.integers(1, 65_535))
def test_what_the_kernel_gives_out_is_left_to_it_where_enough_remains(one: int, other: int) -> None:
    first, last = sorted((one, other))
    ports = outside(first, last)
    assert len(ports) >= 2_000
    assert ports.start >= 10_000
    assert ports.stop <= 65_536
    if first >= 12_000:
        assert not set(ports) & set(range(first, last + 1))


def test_the_usual_range_of_linux_leaves_those_below_it() -> None:
    assert outside(32_768, 60_999) == range(10_000, 32_768)


@pytest.fixture
def listening() -> Iterator[tuple[int, int]]:
    """The id of a process that listens, and its port."""
    command = [sys.executable, "-c", LISTEN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.communicate()


def test_it_is_known_who_listens(listening: tuple[int, int]) -> None:
    process, port = listening
    assert listens(port, [process])
    assert not listens(free_port(), [process])


def test_a_stranger_on_the_port_is_an_error(listening: tuple[int, int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, pytest.raises(RuntimeError, match="taken"):
        listens(ours.getsockname()[1], [listening[0]])
