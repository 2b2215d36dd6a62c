"""Under which name an ingest process appends: a new one wherever it may be a copy of another."""

import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# A clock that is set right by ntpd moves by less between two looks.
_LEAP_SECONDS = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MACHINE = Path("/etc/machine-id")


class Surroundings(NamedTuple):
    """What a copy that runs elsewhere, or later, does not share with the original."""

    process: int
    boot: str
    machine: str


def surroundings() -> Surroundings:
    """Of this process, now."""
    return Surroundings(os.getpid(), _read(_BOOT), _read(_MACHINE))


class Producer:
    """The producer's name.

    A machine that is started twice from one snapshot, or resumed from one, appends under the name
    and with the sequences of its other self. Another boot, machine or process is told at once; a
    resumed machine by the time that it has missed: its clock leaps against the one that only runs.
    Where neither shows, the fold tells the two apart by what their batches hold.
    """

    def __init__(
        self,
        look: Callable[[], Surroundings] = surroundings,
        wall: Callable[[], float] = time.time,
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._wall = wall
        self._running = running
        self._name = uuid.uuid4().hex
        self._known = look()
        self._looked = running()
        self._offset = wall() - self._looked

    def __call__(self) -> str:
        now = self._running()
        # A leap of the wall clock is looked for each time: it costs nothing, and a second is many
        # batches.
        offset = self._wall() - now
        leapt = abs(offset - self._offset) > _LEAP_SECONDS
        self._offset = offset
        if leapt or now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            found = self._look()
            if leapt or found != self._known:
                self._known = found
                self._name = uuid.uuid4().hex
                logger.warning(
                    "the clock leapt or the machine is another one: this may be a copy of a "
                    "running process, and appends under a new name, %s",
                    self._name,
                )
        return self._name


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
