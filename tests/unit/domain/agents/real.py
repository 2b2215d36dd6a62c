"""User agents that servers really were sent."""

import re
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parents[3] / "data"
_AGENT = re.compile(r'"([^"]*)"$')


@cache
def real_agents() -> tuple[str, ...]:
    """Each of two access logs once, in order."""
    lines = [
        line
        for name in ("elastic.log", "hackers.log")
        for line in (_DATA / name).read_text().splitlines()
    ]
    return tuple(dict.fromkeys(found[1] for line in lines if (found := _AGENT.search(line))))
