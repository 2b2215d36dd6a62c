"""Imports as processes: signals, pipes that stay open, readers and terminals that are gone."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from tests.importer.conftest import Answer, Body, Service
from tests.importer.packed import PACKED
from tests.importer.test_import import DATA, LINE, ROOT
from tests.servers import wait_for

VERB = "from cli.verbs.import_ import import_command as c; c()"
Process = subprocess.Popen[bytes]
EVERY_SIGNAL = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@contextmanager
def importing(service: Service, *arguments: str, **options: Any) -> Iterator[Process]:
    """An import of its standard input, unless `arguments` name a file."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | options
    started = subprocess.Popen(
        [sys.executable, "-c", VERB, *(arguments or ["-"]), "--to", service.url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        **pipes,
    )
    with cast(Process, started) as process:
        try:
            yield process
        finally:
            process.kill()


def give(process: Process, content: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(content)
    process.stdin.flush()


@EVERY_SIGNAL
def test_a_signal_ends_it_with_a_summary(service: Service, number: signal.Signals) -> None:
    with importing(service) as process:
        give(process, b"".join(LINE % i for i in range(1_001)))
        assert service.accepted_one.wait(30)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number, stderr
    assert b"interrupted: 1," in stderr
    assert b"of the 1,001 views read so far were accepted" in stderr
    assert b"Traceback" not in stderr
    assert b"views accepted" in stdout


@EVERY_SIGNAL
def test_a_signal_while_it_waits_for_the_last_answers_loses_none(
    service: Service, tmp_path: Path, number: signal.Signals
) -> None:
    asked, over = Event(), Event()

    def answers_late(_: Body) -> Answer | None:
        asked.set()
        over.wait(60)
        return None

    service.says = answers_late
    file = tmp_path / "access.log"
    # Read to its end before the one request is sent.
    file.write_bytes(LINE % 1)
    with importing(service, str(file)) as process:
        assert asked.wait(30)
        process.send_signal(number)
        wait_for(lambda: not catches(process.pid, number), "the signal being heard")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        over.set()
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number, stderr
    assert b"interrupted: 1 of the 1 views read so far were accepted; " in stderr
    assert b"in doubt" not in stdout


@EVERY_SIGNAL
def test_a_second_signal_ends_it_at_once(service: Service, number: signal.Signals) -> None:
    asked, over = Event(), Event()

    def never_answers(_: Body) -> Answer | None:
        asked.set()
        over.wait(60)
        return None

    service.says = never_answers
    with importing(service) as process:
        give(process, LINE % 1)
        assert asked.wait(30)
        process.send_signal(number)
        # It has heard the first when it lets the second do what it always does.
        wait_for(lambda: not catches(process.pid, number), "the first signal being heard")
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(10) == -number
        over.set()


def test_a_signal_before_anything_is_sent_says_so(service: Service, tmp_path: Path) -> None:
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    for name in names:
        # They begin alike and take a minute to compare.
        Path(name).touch()
        os.truncate(name, 100_000_000_000)
    with importing(service, *names) as process:
        files = Path(f"/proc/{process.pid}/fd")
        wait_for(lambda: str(names[0]) in map(target, files.iterdir()), "the first being read")
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 143
    assert stderr == b"error: interrupted: nothing was sent\n"


def target(link: Path) -> str:
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask >> (number - 1) & 1)


def test_a_signal_that_is_ignored_stays_ignored(service: Service) -> None:
    with importing(
        service, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ) as process:
        give(process, LINE % 1)
        assert service.accepted_one.wait(30)
        process.send_signal(signal.SIGHUP)
        _, stderr = process.communicate(LINE % 2, timeout=30)
    assert process.returncode == 0, stderr
    assert len(service.bodies) == 2


def test_what_a_pipe_has_is_sent_while_it_stays_open(service: Service) -> None:
    with importing(service) as process:
        give(process, LINE % 1)
        wait_for(lambda: len(service.bodies) == 1, "the first line being sent", 15)
        give(process, LINE % 2)
        wait_for(lambda: len(service.bodies) == 2, "the second line being sent", 15)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, b"")
    assert [list(body) for body in service.bodies] == [["/1"], ["/2"]]


@pytest.mark.parametrize("kind", PACKED)
def test_what_comes_packed_is_sent_while_the_pipe_stays_open(service: Service, kind: str) -> None:
    with importing(service) as process:
        give(process, PACKED[kind](LINE % 1))
        wait_for(lambda: len(service.bodies) == 1, "the first line being sent", 15)
        give(process, PACKED[kind](LINE % 2))
        wait_for(lambda: len(service.bodies) == 2, "the second line being sent", 15)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, b"")


def test_lines_that_drip_are_sent_while_they_do(service: Service) -> None:
    with importing(service) as process:
        number = 0
        while not service.accepted_one.wait(0.1):
            number += 1
            assert number < 200
            give(process, LINE % number)
        process.communicate(timeout=30)
    assert sum(map(len, service.bodies)) == number


def test_a_service_that_refuses_ends_it_while_the_pipe_has_nothing(service: Service) -> None:
    service.says = lambda _: Answer(400, {"detail": "no"})
    with importing(service) as process:
        give(process, LINE % 1)
        assert process.wait(30) == 1


def test_a_pipe_that_does_not_wait_is_read(service: Service) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with importing(service, stdin=reading) as process:
        os.write(writing, LINE % 1)
        assert service.accepted_one.wait(30)
        os.write(writing, LINE % 2)
        os.close(writing)
        _, stderr = process.communicate(timeout=30)
    os.close(reading)
    assert (process.returncode, len(service.bodies)) == (0, 2), stderr


@pytest.mark.parametrize("which", ["stdout", "stderr"])
@pytest.mark.parametrize("how", ["gone", "closed", "full"])
def test_what_cannot_be_told_changes_nothing(service: Service, which: str, how: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    end: Any = writing
    closing: Any = None
    if how == "full":
        end = os.open("/dev/full", os.O_WRONLY)
    if how == "closed":
        number = {"stdout": 1, "stderr": 2}[which]
        closing = lambda: os.close(number)  # noqa: E731
    path = str(DATA / "nasa-broken.log")
    with importing(service, path, preexec_fn=closing, **{which: end}) as process:
        out, err = process.communicate(timeout=30)
    os.close(writing)
    assert process.returncode == 0, err
    assert sum(sum(h.values()) for body in service.bodies for h in body.values()) == 653
    if which == "stderr":
        assert b"views accepted" in out
    elif how != "closed":
        assert b"the summary could not be written" in err
    assert b"Traceback" not in (err or b"")


def test_a_terminal_that_is_gone_changes_nothing_but_the_end(service: Service) -> None:
    ours, theirs = pty.openpty()
    with importing(service, stderr=theirs) as process:
        os.close(theirs)
        give(process, LINE % 1)
        assert service.accepted_one.wait(30)
        os.close(ours)
        out, _ = process.communicate(LINE % 2 + b"bad\n" * 20, timeout=30)
    assert process.returncode == 0
    assert b"views accepted                2" in out


def test_standard_input_that_is_closed_is_told(service: Service) -> None:
    with importing(service, "-", "--json", preexec_fn=lambda: os.close(0)) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "standard input is closed" in json.loads(out)["errors"][0]


def test_standard_input_that_is_also_named_is_refused(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(LINE % 1)
    with path.open("rb") as file, importing(service, "-", str(path), stdin=file) as process:
        _, err = process.communicate(timeout=30)
    assert (process.returncode, service.requests) == (2, 0)
    assert b"count twice" in b" ".join(err.split())
