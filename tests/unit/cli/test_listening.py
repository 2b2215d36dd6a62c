"""Where something listens, and what is said where nothing can."""

import socket
from collections.abc import Iterator

import pytest

from cli.processes.listening import address_of, listening, port_of
from domain.errors import SettingsError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found.getsockname()[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_is_taken_is_told_with_what_to_do(taken: int, workers: int) -> None:
    with pytest.raises(SettingsError, match=f"{taken}, .*the port is taken: stop what listens"):
        with listening("127.0.0.1", taken, workers):
            pass


@pytest.mark.parametrize(
    "host",
    [
        "nobody.invalid", "a..b", "a" * 80, ".", "127.0.0.1:3000", "http://127.0.0.1", "[::1]",
        "/run/footfall.sock", "unix:/run/footfall.sock", "192.0.2.1", "2001:db8::1", "256.0.0.1",
    ],
)  # fmt: skip
def test_a_host_that_is_not_here_is_told_with_what_to_do(host: str) -> None:
    with pytest.raises(SettingsError, match=r"HOST and PORT are .* such as 127\.0\.0\.1$"):
        with listening(host, 0, 1):
            pass


def test_who_may_not_listen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Root may, and so may everybody in some containers.
    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(SettingsError, match=r"80, .*name a port from 1024 on with PORT"):
        with listening("127.0.0.1", 80, 1):
            pass


def test_a_family_of_addresses_that_is_not_here_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(*_: object, **__: object) -> list[object]:
        rest = (socket.SOCK_STREAM, 6, "")
        return [
            (socket.AF_INET, *rest, ("127.0.0.1", 0)),
            (socket.AF_INET6, *rest, ("2001:db8::1", 0, 0, 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with listening("localhost", 0, 1) as (sockets,):
        assert [found.family for found in sockets] == [socket.AF_INET]
        assert port_of([sockets]) > 0


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:3000"),
        ("0.0.0.0", "http://127.0.0.1:3000"),
        ("::", "http://[::1]:3000"),
        ("2001:db8::1", "http://[2001:db8::1]:3000"),
        ("example.com", "http://example.com:3000"),
    ],
)
def test_the_address_that_is_told_can_be_asked(host: str, address: str) -> None:
    assert address_of(host, 3_000) == address
