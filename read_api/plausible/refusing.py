"""Sentences that refuse a question; each begins with the place in it that is meant."""

import json

from domain.errors import Problem, RequestRefused

_SHOWN = 100


def wrong(place: str, sentence: str) -> RequestRefused:
    """What is at `place` of the body, a JSON pointer, empty for all of it."""
    return RequestRefused([Problem(place, f"#{place}: {sentence}")])


def wrong_parameter(name: str, sentence: str) -> RequestRefused:
    """What is in a parameter of the query string."""
    return RequestRefused([Problem(name, f"{name}: {sentence}")])


def quoted(value: object) -> str:
    """Something of a question as JSON, not all of it where it is long."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
