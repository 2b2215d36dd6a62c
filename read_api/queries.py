"""Query strings: what is given, and what is no parameter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import parse_qsl

from domain.agents.classes import Agent
from domain.errors import Problem, RequestRefused
from web.problems import MAX_ERRORS

ANYBODY = "all"
AGENTS: Mapping[str, Agent | None] = {
    ANYBODY: None,
    "person": Agent.PERSON,
    "robot": Agent.ROBOT,
    "unknown": Agent.UNKNOWN,
}
"""What the parameter `agent` can be."""

_NOWHERE: Mapping[str, str] = {}
# Characters of a name that is told.
_SHOWN = 100


def parameters(
    query: bytes, names: Sequence[str], elsewhere: Mapping[str, str] = _NOWHERE
) -> tuple[dict[str, str], list[Problem]]:
    """The last value of each, and a fault for each name that is unknown or given twice.

    Of names that are known `elsewhere` it says what to ask instead. Raises `RequestRefused` where
    the query is not UTF-8.
    """
    try:
        # Bytes that were not percent-encoded mean the same, where they are UTF-8.
        pairs = parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        detail = "the query is not UTF-8: percent-encode it as UTF-8"
        # What else would be wrong with it, nobody can know.
        raise RequestRefused([Problem("", detail)]) from None
    counts = Counter(name for name, _ in pairs)
    faults = (
        Problem(name, elsewhere[name]) if name in elsewhere else _fault(name, count, names)
        for name, count in counts.items()
    )
    return dict(pairs), list(islice(filter(None, faults), MAX_ERRORS))


def agent_of(given: Mapping[str, str], problems: list[Problem]) -> Agent | None:
    """Who made the views that are asked for, None: anybody. A fault is added to `problems`."""
    text = given.get("agent", ANYBODY)
    if text not in AGENTS:
        problems.append(Problem("agent", f"agent is none of {', '.join(AGENTS)}: send one of them"))
    return AGENTS.get(text)


def moment_text(text: str) -> str:
    """A moment as it was meant: a "+" that was not percent-encoded arrives as a space."""
    return text[:11] + text[11:].replace(" ", "+")


def _fault(name: str, count: int, names: Sequence[str]) -> Problem | None:
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    if name not in names:
        # Of a page that was not percent-encoded, what follows its & looks so.
        written = shown if shown.isprintable() and shown else ascii(shown)
        known = ", ".join(names)
        detail = f"{written} is no parameter: percent-encode & in page (%26); there are {known}"
        return Problem(shown, detail)
    return Problem(name, f"{name} is given twice: send it once") if count > 1 else None
