"""Which format a file is taken for, what that refuses, and what is told of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from importer.formats.choice import Choice
from importer.requests import Reading
from importer.views import Skip
from tests.importer.conftest import Service, run

ROOT = Path(__file__).parents[2]
NOW = 1_752_660_000.0
LOG = b'192.0.2.7 - - [16/Jul/2025:08:00:00 +0000] "GET /a?b=%d HTTP/1.1" 200 1\n'
COUNTS = b"2025-07-16 08:00:00,/x,5\n"


def found(result: Result) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(result.stdout)
    return summary


def stored(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "stray",
    [COUNTS, b"one,two,three\n", b"three\twords\tfirst\n", b"timestamp,page,count\n", b"\n\nhi\n"],
)
def test_lines_before_a_log_do_not_decide(service: Service, tmp_path: Path, stray: bytes) -> None:
    path = stored(tmp_path, stray + b"".join(LOG % i for i in range(30)))
    result = run(path, "--to", service.url, "--host", "h.test", "--json")
    assert result.exit_code == 0, result.stderr
    assert found(result)["counted"] == 30
    assert found(result)["formats"] == {str(path): "log"}


@pytest.mark.parametrize("stray", [LOG % 1, b"one\ttwo\tthree\n", b"# an export\n"])
def test_lines_before_counts_do_not_decide(service: Service, tmp_path: Path, stray: bytes) -> None:
    path = stored(tmp_path, stray + (COUNTS + COUNTS.replace(b",", b";")) * 10)
    result = run(path, "--to", service.url, "--json")
    assert found(result)["formats"] == {str(path): "counts"}
    assert found(result)["counted"] >= 50


def test_the_lines_of_a_long_file_are_all_there(service: Service, tmp_path: Path) -> None:
    path = stored(tmp_path, b"noise\n" * 250 + b"".join(LOG % i for i in range(1_000)))
    summary = found(run(path, "--to", service.url, "--json"))
    assert (summary["lines"], summary["counted"]) == (1_250, 1_000)


def test_the_table_says_what_each_file_was_read_as(service: Service, tmp_path: Path) -> None:
    log, counts = stored(tmp_path, LOG % 1, "a"), stored(tmp_path, COUNTS, "b")
    result = run(log, counts, "--to", service.url)
    assert f"read as log: {log}\nread as counts: {counts}\n" in result.stdout


@pytest.mark.parametrize("option", [["--host", "h.test"], ["--pages-only"], ["--query", "keep"]])
def test_counts_refuse_what_is_for_logs(
    service: Service, tmp_path: Path, option: list[str]
) -> None:
    path = stored(tmp_path, COUNTS)
    for form in ("auto", "counts"):
        result = run(path, "--to", service.url, "--format", form, *option)
        assert result.exit_code == 2
        assert "--query keep" in result.stderr
    assert service.requests == 0


def test_what_stands_before_refused_counts_is_sent(service: Service, tmp_path: Path) -> None:
    log, counts = stored(tmp_path, LOG % 1, "a"), stored(tmp_path, COUNTS, "b")
    result = run(log, counts, "--to", service.url, "--host", "h.test", "--json")
    assert result.exit_code == 2
    assert (found(result)["counted"], found(result)["accepted"]) == (1, 1)
    assert service.bodies == [{"h.test/a": {"2025-07-16T08:00:00Z": 1}}]


@pytest.mark.parametrize("form", ["auto", "log", "counts"])
def test_a_file_in_no_known_format_is_an_error(service: Service, tmp_path: Path, form: str) -> None:
    path = stored(tmp_path, b"nothing of the kind\n" * 150)
    result = run(path, "--to", service.url, "--format", form)
    assert result.exit_code == 1
    assert f"{path}: no line of it" in result.stderr
    assert "log, counts" in result.stderr


@pytest.mark.parametrize("form", ["auto", "log"])
def test_a_file_with_a_size_in_place_of_each_status_is_an_error(
    service: Service, tmp_path: Path, form: str
) -> None:
    line = b'h - - [16/Jul/2025:10:00:00 +0000] "GET /a HTTP/1.1" %d 200\n'
    path = stored(tmp_path, b"".join(line % size for size in (512, 5_123, 250)))
    result = run(path, "--to", service.url, "--format", form)
    assert (result.exit_code, service.requests) == (1, 0)
    assert f"{path}: no line of it has a status" in result.stderr
    assert "--log-format says where" in result.stderr


@pytest.mark.parametrize("content", [b"", b"\n\n", b"timestamp,page,count\n"])
def test_files_that_hold_nothing_are_no_error(
    service: Service, tmp_path: Path, content: bytes
) -> None:
    assert run(stored(tmp_path, content), "--to", service.url).exit_code == 0


@pytest.mark.parametrize(("query", "page"), [("cut", "h.test/a"), ("keep", "h.test/a?b=7")])
def test_the_query_is_kept_for_those_who_want_it(
    service: Service, tmp_path: Path, query: str, page: str
) -> None:
    run(stored(tmp_path, LOG % 7), "--to", service.url, "--host", "h.test", "--query", query)
    assert service.bodies == [{page: {"2025-07-16T08:00:00Z": 1}}]


def test_a_kept_query_does_not_hide_an_asset(service: Service, tmp_path: Path) -> None:
    path = stored(tmp_path, (LOG % 7).replace(b"/a?", b"/a.css?"))
    result = run(path, "--to", service.url, "--pages-only", "--query", "keep", "--json")
    assert found(result)["skipped"] == {"static asset": 1}


def test_a_pipe_that_stays_open_is_decided_in_seconds(service: Service) -> None:
    command = [sys.executable, "-c", "from cli.verbs.import_ import import_command as c; c()"]
    with subprocess.Popen(
        [*command, "-", "--to", service.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"noise\n" + LOG % 1)
        process.stdin.flush()
        assert service.accepted_one.wait(30)
        assert process.poll() is None
        stdout, _ = process.communicate(timeout=30)
    assert service.bodies == [{"/a": {"2025-07-16T08:00:00Z": 1}}]
    assert b"read as log: -" in stdout


def test_lines_that_tell_nothing_are_held_until_one_does() -> None:
    choice = Choice("auto", lambda: NOW, Reading())
    assert list(choice.parse(b"noise")) == []
    assert list(choice.overdue()) == []
    assert [one[1] for one in choice.rest()] == [Skip.MALFORMED_LINE]
    assert choice.name is None
