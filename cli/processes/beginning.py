"""Signals that come while a verb is still being loaded, for about a second."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ROLES = frozenset({"up", "ingest", "projector", "read-api", "web"})
"""They run until they are asked to stop: when they have, all is well."""


@contextmanager
def ending_quietly(verb: str) -> Iterator[None]:
    """End at once and say nothing: there is nothing yet that could be cut short.

    A role takes over when its loop listens for them; for any other verb they then mean what they
    always do.
    """

    def end(number: int, _: FrameType | None) -> None:
        os._exit(0 if verb in ROLES else 128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    yield
    if verb not in ROLES:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
