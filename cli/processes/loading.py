"""Loading modules without looking for garbage among them: they all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For the time of the block nothing is collected, and what is there at its end never will be.

    Searching a hundred thousand objects again and again takes a fifth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
