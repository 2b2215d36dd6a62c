"""`python -m tests.wrong_clock DAYS VERB…`: footfall on a machine whose clock is so far ahead."""

import sys
import time

DAYS = int(sys.argv.pop(1))
AHEAD_MS = DAYS * 86_400_000


def main() -> None:
    """The clock of the process and that of its database, before anything has read them."""
    right_ns = time.time_ns
    time.time_ns = lambda: right_ns() + AHEAD_MS * 1_000_000
    from rows import database

    right_ms = database.clock_ms
    database.clock_ms = lambda dialect: right_ms(dialect) + AHEAD_MS
    from cli.main import main as footfall

    footfall()


main()
