"""The last words of a verb, whether anybody still listens or not."""

import click


def tell(text: str, err: bool = False) -> bool:
    """Print a line; False where that cannot be done: nobody reads, or the disk is full.

    The exit code then still says what was done: scripts go by it.
    """
    try:
        click.echo(text, err=err)
    except OSError:
        return False
    return True
