"""What of a user agent goes into the log, as the setting KEEP_USER_AGENTS says."""

from collections.abc import Callable
from typing import NamedTuple

from domain.agents.labels import label_of, parser_version
from domain.agents.robots import class_of, list_version, name_of
from domain.agents.texts import cleaned
from domain.agents.viewers import CLASS, FULL, LABEL


class Keeping(NamedTuple):
    """`text_of` makes what is kept of an agent, empty where that says nothing; it never raises.

    `kept` is one of `domain.agents.viewers.KEPT`, `data` names what it was made by.
    """

    kept: str
    data: str
    text_of: Callable[[str], str]


def keeping_of(kept: str) -> Keeping:
    """The one called so."""
    return {
        LABEL: lambda: Keeping(LABEL, f"{parser_version()}, {list_version()}", label_of),
        FULL: lambda: Keeping(FULL, "", cleaned),
        CLASS: lambda: Keeping(CLASS, list_version(), _class_name),
    }[kept]()


def _class_name(agent: str) -> str:
    return name_of(class_of(agent, FULL))
