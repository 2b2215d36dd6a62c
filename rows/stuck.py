"""A last resort against a driver that never comes back and lets nothing else run.

asyncpg reads a message that says it has no length for ever, inside of compiled code: no limit of
the event loop and no signal is heard then. A thread that needs no Python ends the process.
"""

import faulthandler
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STUCK_SECONDS = 10.0

# The timer is the process's own, and there is one of it.
_waiting = [0]


@contextmanager
def ended_if_stuck(seconds: float) -> Iterator[None]:
    """Whatever is awaited inside has a limit of `seconds` of its own.

    Where the event loop has not even come to that `STUCK_SECONDS` later, the process ends with code
    1, and stderr says where it was.
    """
    _waiting[0] += 1
    _set(seconds)
    try:
        yield
    finally:
        _waiting[0] -= 1
        if _waiting[0]:
            # Others have begun before, but each that ends shows that the loop runs.
            _set(seconds)
        else:
            faulthandler.cancel_dump_traceback_later()


def _set(seconds: float) -> None:
    faulthandler.dump_traceback_later(
        seconds + STUCK_SECONDS, exit=True, file=sys.__stderr__ or sys.stderr
    )
