"""The one way to a terminal: what strangers sent is shown there, never obeyed."""

import click

from domain.shown import escaped_json, printable_lines


def say(text: str, err: bool = False) -> None:
    """Print lines; what a terminal would obey is replaced."""
    click.echo(printable_lines(text), err=err)


def say_json(text: str) -> None:
    """Print JSON that says the same, with escapes for what a terminal would obey."""
    click.echo(escaped_json(text))
