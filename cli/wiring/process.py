"""What every process has: a clock, a name, log lines."""

import logging
import os
import socket
import sys
import time
import uuid

from domain.processes import place
from domain.settings import Settings
from domain.shown import printable_lines
from domain.version import VERSION

# Only Linux has one that counts a machine's sleep.
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now_ms() -> int:
    """The clock of every role."""
    return time.time_ns() // 1_000_000


def uptime_ms() -> int:
    """A clock that nobody can set, and that goes on while the machine sleeps where there is one."""
    return time.clock_gettime_ns(_UPTIME) // 1_000_000


def owner_name() -> str:
    """Under which this process holds leases and jobs: where it runs, and no two alike."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def application_name(role: str) -> str:
    """How this process calls itself to PostgreSQL, which keeps 63 characters of it."""
    return f"footfall {role} {VERSION} {place(socket.gethostname(), os.getpid())}"


class _Shown(logging.Formatter):
    """What strangers sent is shown by a terminal, never obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


def configure_logging(settings: Settings) -> None:
    """Log lines on stderr."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_Shown("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[lines])
    # Their reconnect chatter repeats what our own lines say.
    for name in ("aiormq", "aio_pika"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # At DEBUG they write statements with their values, and frames: page names hold search words.
    for name in ("aiosqlite", "asyncpg", "sqlalchemy", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if settings.access_log:
        # It was asked for, whatever else is to be told.
        logging.getLogger("web.access_log").setLevel(logging.INFO)
    if settings.log_level == "INFO":
        # What they say at INFO is for those who look for something: LOG_LEVEL=DEBUG.
        for name in ("alembic", "uvicorn"):
            logging.getLogger(name).setLevel(logging.WARNING)
