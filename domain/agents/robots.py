"""The class of a viewer by what is kept of the agent.

Tools and libraries that fetch (curl, wget, python-requests) are robots, as they are in the list:
nobody looks at a page with them. An agent that no list knows is a person's.
"""

from functools import lru_cache

from domain.agents.classes import Agent
from domain.agents.robot_list import list_version, search
from domain.agents.texts import cleaned
from domain.agents.viewers import CLASS, KEPT

__all__ = ["class_of", "is_robot", "list_version", "name_of"]

_MOST_HELD = 4_096
_BY_NAME = {"person": Agent.PERSON, "robot": Agent.ROBOT}
_NAMES = {agent: name for name, agent in _BY_NAME.items()}


def class_of(text: str, kept: str) -> Agent:
    """Who it was, by a text and what is `kept` in it (`domain.agents.viewers.KEPT`).

    Never raises: what cannot be understood is unknown.
    """
    if kept == CLASS:
        return _BY_NAME.get(text, Agent.UNKNOWN)
    agent = cleaned(text) if kept in KEPT else ""
    if not agent:
        return Agent.UNKNOWN
    return Agent.ROBOT if is_robot(agent) else Agent.PERSON


def name_of(agent: Agent) -> str:
    """What is written where the class alone is kept; empty for unknown, which is not written."""
    return _NAMES.get(agent, "")


@lru_cache(maxsize=_MOST_HELD)
def is_robot(text: str) -> bool:
    """Whether the list has it, an agent or a label."""
    return search()(text)
