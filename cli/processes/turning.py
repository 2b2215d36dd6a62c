"""A loop that does not turn is told of by its own process, with where it stands."""

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
BLOCKED_LOOKS = 4
"""So many looks in a row without an answer: 2 s."""
_QUIET_LOOKS = 120
_FRAMES = 8


@contextmanager
def told_when_blocked(look_seconds: float = LOOK_SECONDS) -> Iterator[None]:
    """For the time of the block a thread asks the running loop to answer, at each look.

    Time is counted in looks: a process that is stopped, or a machine that sleeps, looks as little
    as it answers, and is no block. What holds the interpreter itself is not seen either.
    """
    watch = _Watch(asyncio.get_running_loop(), look_seconds)
    thread = threading.Thread(target=watch.run, name="loop watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.done.set()


class _Watch:
    def __init__(self, loop: asyncio.AbstractEventLoop, look_seconds: float) -> None:
        self.done = threading.Event()
        self._loop = loop
        self._thread = threading.get_ident()
        self._seconds = look_seconds
        self._answered = True
        self._missed = 0
        # Looks since a block was told last, and blocks that were not.
        self._quiet = _QUIET_LOOKS
        self._telling = False
        self._untold = 0

    def run(self) -> None:
        while not self.done.wait(self._seconds):
            self._quiet += 1
            if self._answered:
                self._went_on()
                self._answered = False
                try:
                    self._loop.call_soon_threadsafe(self._answer)
                except RuntimeError:
                    # It is closed.
                    return
            else:
                self._missed += 1
                if self._missed == BLOCKED_LOOKS:
                    self._blocked()

    def _answer(self) -> None:
        self._answered = True

    def _blocked(self) -> None:
        self._telling = self._quiet >= _QUIET_LOOKS
        if not self._telling:
            self._untold += 1
            return
        self._quiet = 0
        more = f" ({self._untold} times more since it was told last)" if self._untold else ""
        self._untold = 0
        logger.warning(
            "the event loop has not turned for %.1f s, nothing is answered meanwhile%s: %s",
            self._missed * self._seconds,
            more,
            _where(sys._current_frames().get(self._thread)),
        )

    def _went_on(self) -> None:
        if self._telling:
            seconds = (self._missed + 1) * self._seconds
            logger.warning("the event loop goes on, after about %.1f s", seconds)
        self._telling = False
        self._missed = 0


def _where(frame: FrameType | None) -> str:
    """The innermost frames, the innermost first."""
    frames = [each for each, _ in zip(traceback.walk_stack(frame), range(_FRAMES), strict=False)]
    return " < ".join(
        f"{_short(each.f_code.co_filename)}:{line} {each.f_code.co_name}" for each, line in frames
    )


def _short(file: str) -> str:
    return "/".join(Path(file).parts[-2:])
