"""JSON lines by way of `footfall import`: which format is taken, what is refused, what is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.importer.conftest import Service, run
from tests.importer.test_json_lines import CADDY, CADDY_CONSOLE, CADDY_OLD, TRAEFIK

CADDY_OTHER = b'{"level":"info","ts":1752660000.5,"logger":"admin","msg":"stopped previous server"}'
NGINX = (
    b'{"time_iso8601":"2025-07-16T10:00:00+00:00","request":"GET /a?b HTTP/1.1","status":200,'
    b'"http_host":"shop.example.org"}'
)
LOG = b'192.0.2.7 - - [16/Jul/2025:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 1 "-" "{\\"a\\":1}"'
OWN = b'{"at":1752660000,"verb":"GET","where":{"to":"/a?b"},"code":200,"site":"shop.example.org"}'
FIELDS = "time=at,method=verb,target=where.to,status=code,host=site"
PAGE = {"shop.example.org/a": {"2025-07-16T10:00:00Z": 3}}


def docker(line: bytes) -> bytes:
    return json.dumps({"log": line.decode() + "\n", "stream": "stdout", "time": "x"}).encode()


def kubernetes(line: bytes) -> bytes:
    return b"2025-07-16T10:00:00.1Z stdout F " + line


def stored(folder: Path, *lines: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def found(result: Result) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(result.stdout)
    return summary


@pytest.mark.parametrize(
    ("line", "name"),
    [
        *((CADDY, "caddy"), (CADDY_OLD, "caddy"), (CADDY_CONSOLE, "caddy")),
        *((TRAEFIK.replace(b"09:59:59", b"10:00:00"), "traefik"), (NGINX, "json")),
    ],
)
@pytest.mark.parametrize("around", [bytes, docker, kubernetes])
@pytest.mark.parametrize("named", [True, False])
def test_each_format_by_name_and_by_itself(
    service: Service, tmp_path: Path, line: bytes, name: str, around: Any, named: bool
) -> None:
    path = stored(tmp_path, *[around(line)] * 3)
    format_ = ["--format", name] if named else []
    result = run(path, "--to", service.url, "--json", *format_)
    assert result.exit_code == 0, result.stderr
    assert found(result)["formats"] == {str(path): name}
    assert service.bodies == [PAGE]


@pytest.mark.parametrize("around", [docker, kubernetes])
def test_an_access_log_within_a_container_s(service: Service, tmp_path: Path, around: Any) -> None:
    path = stored(tmp_path, *[around(b"shop.example.org " + LOG)] * 3)
    result = run(path, "--to", service.url, "--json")
    assert found(result)["formats"] == {str(path): "log"}
    assert service.bodies == [PAGE]


def test_the_most_lines_decide(service: Service, tmp_path: Path) -> None:
    first = stored(tmp_path, *[CADDY] * 3, *[LOG] * 4, name="a")
    second = stored(tmp_path, *[LOG] * 3, *[NGINX] * 2, *[CADDY] * 4, *[CADDY_OTHER] * 20, name="b")
    result = run(first, second, "--to", service.url, "--json")
    assert found(result)["formats"] == {str(first): "log", str(second): "caddy"}
    assert found(result)["counted"] == 8
    assert found(result)["skipped"] == {"malformed line": 6, "no request": 22}


def test_what_else_a_server_tells_is_not_shown_and_does_not_decide(
    service: Service, tmp_path: Path
) -> None:
    path = stored(tmp_path, *[CADDY_OTHER] * 1_100, CADDY)
    result = run(path, "--to", service.url, "--json")
    assert result.exit_code == 0
    assert found(result)["formats"] == {str(path): "caddy"}
    assert found(result)["skipped"] == {"no request": 1_100}
    assert "skipped" not in result.stderr


@pytest.mark.parametrize("name", ["auto", "caddy", "traefik", "json"])
def test_a_log_without_any_request_is_an_error(service: Service, tmp_path: Path, name: str) -> None:
    path = stored(tmp_path, *[CADDY_OTHER] * 3)
    result = run(path, "--to", service.url, "--format", name)
    assert result.exit_code == 1
    assert f"{path}: no line of it" in result.stderr
    assert ("--fields" in result.stderr) is (name in {"auto", "json"})


@pytest.mark.parametrize("name", ["auto", "json"])
def test_members_are_named(service: Service, tmp_path: Path, name: str) -> None:
    path = stored(tmp_path, *[OWN] * 3)
    result = run(path, "--to", service.url, "--format", name, "--fields", FIELDS, "--json")
    assert result.exit_code == 0, result.stderr
    assert found(result)["formats"] == {str(path): "json"}
    assert service.bodies == [PAGE]


def test_options_of_logs_are_honoured(service: Service, tmp_path: Path) -> None:
    asset = OWN.replace(b"/a?b", b"/a.css")
    path = stored(tmp_path, OWN, asset)
    options = ["--host", "other.test", "--query", "keep", "--pages-only", "--fields", FIELDS]
    result = run(path, "--to", service.url, "--json", *options)
    assert found(result)["skipped"] == {"static asset": 1}
    assert service.bodies == [{"other.test/a?b": {"2025-07-16T10:00:00Z": 1}}]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        *((LOG, "log"), (b"2025-07-16 10:00:00,/a,5", "counts")),
        *((CADDY, "caddy"), (TRAEFIK, "traefik")),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_fields_are_refused_where_there_are_none(
    service: Service, tmp_path: Path, line: bytes, name: str, named: bool
) -> None:
    path = stored(tmp_path, line, line)
    format_ = ["--format", name] if named else []
    result = run(path, "--to", service.url, "--fields", FIELDS, *format_)
    assert result.exit_code == 2
    assert "--fields is for" in result.stderr
    assert name in result.stderr
    assert service.requests == 0


@pytest.mark.parametrize("fields", ["client=a", "time", "time=a,time=b", "target=a,request=b"])
def test_fields_that_cannot_be_meant_are_refused(
    service: Service, tmp_path: Path, fields: str
) -> None:
    result = run(stored(tmp_path, OWN), "--to", service.url, "--fields", fields)
    assert result.exit_code == 2
    assert "--fields" in result.stderr
    assert service.requests == 0


def test_a_member_that_says_two_things_is_shown(service: Service, tmp_path: Path) -> None:
    path = stored(tmp_path, NGINX, NGINX.replace(b"200", b'200,"status":404'))
    result = run(path, "--to", service.url, "--json")
    assert result.exit_code == 0
    assert found(result)["counted"] == 1
    assert f"{path}, line 2: member given twice, skipped:" in result.stderr


def test_a_long_line_in_pieces_is_one(service: Service, tmp_path: Path) -> None:
    line = NGINX.removesuffix(b"}") + b',"agent":"%s"}' % (b"x" * 20_000)
    head = b"2025-07-16T10:00:00Z stdout P " + line[:16_384]
    tail = b"2025-07-16T10:00:00Z stdout F " + line[16_384:]
    result = run(stored(tmp_path, head, tail), "--to", service.url, "--json")
    assert found(result)["counted"] == 1
    assert found(result)["skipped"] == {"beginning of a line that goes on": 1}
