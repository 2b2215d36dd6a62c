"""The last words of a verb, whether anybody still listens or not."""

import os
import sys

import click


def tell(text: str, err: bool = False) -> bool:
    """Print a line; False where that cannot be done: nobody reads, or the disk is full.

    The exit code then still says what was done: scripts go by it.
    """
    try:
        click.echo(text, err=err)
    except OSError:
        _leave(2 if err else 1)
        return False
    return True


def _leave(descriptor: int) -> None:
    # What is left in the buffer would be tried again at the very end, and change the exit code.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    (sys.stderr if descriptor == 2 else sys.stdout).flush()
