"""Where `footfall import` is told the service is."""

import pytest

from tests.importer.conftest import Service, run
from tests.importer.test_import import LINE


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:3000", "it begins with http:// or https:// and a host"),
        ("footfall.internal", "it begins with http:// or https:// and a host"),
        ("ftp://u:secret@h", "it begins with http:// or https:// and a host"),
        ("http://", "it begins with http:// or https:// and a host"),
        ("http://u:sec/ret@h", "this is no address"),
        ("http://u:secret@xn--a", "this is no address"),
        ("http://u:secret@h:65536", "there is no such port"),
        ("http://u:secret@h/?a=1", "name the service and no route of it"),
        ("http://h/page-views/multi", "name the service and no route of it"),
    ],
)
def test_what_is_no_address_is_told_without_its_password(address: str, says: str) -> None:
    result = run("-", "--to", address)
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2
    assert says in told
    assert "http://127.0.0.1:3000" in told
    assert "sec" not in told


@pytest.mark.parametrize("path", ["", "/"])
def test_an_address_may_end_with_a_slash(service: Service, path: str) -> None:
    assert run("-", "--to", service.url + path, stdin=LINE % 1).exit_code == 0


def test_an_address_below_a_path_is_asked_there(service: Service) -> None:
    result = run("-", "--to", service.url + "/stats", stdin=LINE % 1)
    assert result.exit_code == 1
    assert "nothing at /stats/page-views/multi" in result.stderr


def test_why_nothing_is_reached_is_said_as_the_system_says_it(nowhere: str) -> None:
    result = run("-", "--to", nowhere, stdin=LINE % 1)
    assert result.exit_code == 1
    assert f"cannot connect to {nowhere} (Connection refused): start the service" in result.stderr
