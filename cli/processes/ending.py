"""The last resort: a process that is to end does so in time, whatever it waits for."""

import os
import threading

from cli.output.saying import say

DRAIN_SECONDS = 15
"""What requests under way, and what was read, may take after a signal."""

LAST_SECONDS = 5
"""After which a process ends although connections are not closed, or a drain is not over."""


def end_within(seconds: float, code: int) -> threading.Timer:
    """The process ends then with `code`, unless it has ended by itself or this is cancelled.

    A thread sees to it: it is heard even where the loop hangs, or waits for one of its own.
    """
    timer = threading.Timer(seconds, _leave, (seconds, code))
    timer.daemon = True
    timer.start()
    return timer


def _leave(seconds: float, code: int) -> None:
    # Nothing is lost: what was not committed is folded again, and leases run out.
    told = f"footfall: what was under way did not end within {seconds:g} s: ended without it"
    say(told, err=True)
    os._exit(code)
