"""The list by which viewers are classed."""

from domain.agents.classing import Classes
from domain.agents.robots import class_of, list_version


def agent_classes() -> Classes:
    """What says who looked; the list itself is loaded when it is asked for the first time."""
    return Classes(class_of, list_version())
