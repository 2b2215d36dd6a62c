"""`footfall migrate`, killed before each of its statements in turn, then run again.

A process of its own, because it forks: `python -m tests.migrations.killed` takes settings from the
environment as the command does, and on stdin a line for each round: the number of the statement
(or the commit) before which to end, 0 for never. It answers each with the exit code.
"""

import os
import signal
import sys
from typing import Any

# Loaded once, here, and not in each of the processes that are killed.
import alembic.command  # noqa: F401
from sqlalchemy import Engine, event

import cli.verbs.migrate
import log.rabbitmq.streams  # noqa: F401


def kill_before(statement: int) -> None:
    """End this process, as a power cut would, before the statement of that number."""
    passed = 0

    def count(*_: Any) -> None:
        nonlocal passed
        passed += 1
        if passed == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def migrate(statement: int, environment: dict[str, str]) -> int:
    """The exit code of a process that is killed before `statement`; -9 where it was."""
    child = os.fork()
    if child == 0:
        os.environ.update(environment)
        if statement:
            kill_before(statement)
        # The lines it prints are nobody's here.
        os.dup2(2, 1)
        cli.verbs.migrate.migrate([])
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    for line in sys.stdin:
        statement, *environment = line.rstrip("\n").split("\t")
        code = migrate(int(statement), dict(pair.split("=", 1) for pair in environment))
        print(code, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
