"""The last resort: what is to end does, with a code that says so, whatever holds it up."""

import signal
import subprocess
import sys

import pytest

_DEAF = """
import asyncio, signal, sys, time
# Who is started behind an ampersand is born deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
from cli.processes import running
running.LAST_SECONDS = 0.3

async def deaf():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def main():
    if sys.argv[1] == "role":
        running.stop_on_signals(lambda: None, 0.3)
    print("ready", flush=True)
    if sys.argv[2] == "hangs":
        time.sleep(60)
    await deaf()

running.run(main())
"""


@pytest.mark.parametrize(
    ("kind", "how", "number", "code"),
    [
        ("role", "is deaf", signal.SIGTERM, 0),
        ("role", "is deaf", signal.SIGINT, 0),
        ("verb", "is deaf", signal.SIGINT, 130),
        ("verb", "is deaf", signal.SIGTERM, -15),
        ("verb", "hangs", signal.SIGTERM, -15),
    ],
)
def test_what_does_not_end_is_ended(kind: str, how: str, number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _DEAF, kind, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert b"Traceback" not in err
    if code >= 0:
        assert b"did not end within 0.3 s" in err
