"""`footfall import`, from the command line to the service."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from domain.problems import PAST_HORIZON
from tests.importer.conftest import Answer, Service, refusal, run

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
LINE = b'h - - [16/Jul/2025:12:00:00 +0200] "GET /%d HTTP/1.1" 200 1\n'


def summary(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def views(service: Service) -> Counter[str]:
    found: Counter[str] = Counter()
    for body in service.bodies:
        for page, hours in body.items():
            found[page] += sum(hours.values())
    return found


def test_a_log_arrives_whole(service: Service) -> None:
    result = run(DATA / "nasa-broken.log", "--to", service.url, "--host", "example.com", "--json")
    assert result.exit_code == 0, result.stderr
    found = summary(result)
    assert (found["lines"], found["counted"], found["accepted"]) == (700, 653, 653)
    assert found["skipped"] == {"malformed line": 34, "other status": 13}
    assert views(service).total() == 653
    assert views(service)["example.com/images/KSC-logosmall.gif"] == 33
    assert "nasa-broken.log, line 38: malformed line, skipped: 'uplherc.upl.com" in result.stderr
    assert "and 24 more such lines" in result.stderr


def test_the_summary_is_a_table(service: Service) -> None:
    result = run(DATA / "hackers.log", "--to", service.url)
    assert result.stdout == (
        "lines                     600\n"
        "views counted             407\n"
        "views accepted            407\n"
        "lines skipped             193\n"
        "  not GET                 186\n"
        "  other status              7\n"
        f"read as log: {DATA / 'hackers.log'}\n"
    )
    assert result.stderr == ""


def test_pages_only_skips_assets(service: Service) -> None:
    found = summary(run(DATA / "elastic.log", "--to", service.url, "--pages-only", "--json"))
    assert found["counted"] + found["skipped"]["static asset"] == 954
    assert not any(page.endswith((".css", ".png")) for page in views(service))


def test_counts_are_recognized(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "timestamp,page,count\n2025-07-16 10:00:00+00,example.com/x,5\nbad\n"
        "2025-07-16 10:30:00+00,example.com/x,2\n"
    )
    result = run(path, "--to", service.url)
    assert result.exit_code == 0
    assert service.bodies == [{"example.com/x": {"2025-07-16T10:00:00Z": 7}}]
    assert "history.csv, line 3: malformed line, skipped: 'bad'" in result.stderr


def test_sums_over_the_limit_are_split(service: Service) -> None:
    rows = b"2025-07-16 10:00:00+00\tx\t1000000000\n" * 3
    result = run("-", "--to", service.url, "--format", "counts", "--json", stdin=rows)
    assert summary(result)["accepted"] == 3_000_000_000
    assert len(service.bodies) == 3


def test_many_files_go_in_batches_of_a_thousand_entries(service: Service, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINE % i for i in range(2_300)))
    (tmp_path / "b.gz").write_bytes(gzip.compress(LINE % 5))
    result = run(tmp_path / "a", tmp_path / "b.gz", "--to", service.url, "--json")
    assert summary(result)["accepted"] == 2_301
    assert sorted(map(len, service.bodies)) == [301, 1_000, 1_000]
    assert views(service)["/5"] == 2


def test_a_damaged_archive_is_named_and_the_rest_imported(service: Service, tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(LINE % i for i in range(50_000)))
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "whole").write_bytes(LINE % 77_777)
    result = run(tmp_path / "cut.gz", tmp_path / "whole", "--to", service.url, "--json")
    found = summary(result)
    assert result.exit_code == 1
    assert "cut.gz: the gzip data ends too early" in result.stderr
    assert 1_000 < found["counted"] == found["accepted"] == views(service).total()
    assert views(service)["/77777"] == 1


def test_nothing_is_sent_when_a_file_is_missing(service: Service, tmp_path: Path) -> None:
    result = run(DATA / "hackers.log", tmp_path / "missing", "--to", service.url)
    assert result.exit_code == 1
    assert "missing: No such file or directory; nothing was sent" in result.stderr
    assert "views accepted" in result.stdout
    assert service.requests == 0


def test_a_service_that_is_not_there_is_told(nowhere: str) -> None:
    result = run(DATA / "hackers.log", "--to", nowhere)
    assert result.exit_code == 1
    assert "footfall up" in result.stderr
    assert "no views were accepted, the import can be repeated as it is" in result.stderr


def test_an_import_that_ends_early_says_what_repeating_it_would_do(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINE % i for i in range(1_500)))
    service.answers = [None, Answer(400, {"detail": "no"})]
    result = run(tmp_path / "a", "--to", service.url)
    assert result.exit_code == 1
    assert "400: no; nothing of this request was counted" in result.stderr
    assert "of the 1,500 views read so far were accepted; repeating" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a", "a"],
        ["a", "--to", "127.0.0.1:3000"],
        ["a", "--to", "http://"],
        ["a", "--host", "a b"],
        ["a", "--host", "example.com/"],
        ["a", "--host", "http://example.com"],
        ["a", "--format", "counts", "--host", "example.com"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_ctrl_c_says_what_was_accepted(service: Service) -> None:
    command = [sys.executable, "-c", "from cli.verbs.import_ import import_command as c; c()"]
    with subprocess.Popen(
        [*command, "-", "--to", service.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"".join(LINE % i for i in range(1_001)))
        process.stdin.flush()
        assert service.accepted_one.wait(30)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert b"interrupted: 1,000 of the 1,001 views read so far were accepted" in stderr
    assert b"Traceback" not in stderr
    assert b"views accepted" in stdout


def test_lines_older_than_the_service_keeps_are_counted_as_skipped(
    service: Service, tmp_path: Path
) -> None:
    service.answers = [refusal(PAST_HORIZON, "too old", oldest="2025-07-06T10:00:00Z")]
    path = tmp_path / "history.csv"
    path.write_text(
        "2025-07-06 09:59:59,example.com/x,5\n2025-07-06 09:00:00,example.com/x,5\n"
        "2025-07-06 10:00:00,example.com/x,2\n"
    )
    result = run(path, "--to", service.url, "--json")
    assert result.exit_code == 0, result.stderr
    found = summary(result)
    assert (found["lines"], found["counted"], found["accepted"]) == (3, 2, 2)
    assert found["skipped"] == {"older than the service keeps": 2}
