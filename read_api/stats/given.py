"""The parameters of one query, read one by one; faults gather until all were looked at."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from domain.agents.classes import Agent
from domain.errors import NotJoined, Problem, RequestRefused
from domain.keys import Caller
from domain.pages import page_fault
from domain.stats.joined import refuse_joined
from domain.stats.selection import EVERYTHING, Kind, Selection
from domain.stats.zones import UnknownZone, zone_of
from read_api.awaited import AWAITED, take_awaited
from read_api.queries import agent_of, parameters

SELECTION = ("page", "prefix", "site")
SOURCE = "source"
UTC = zone_of("UTC")
_NOWHERE: Mapping[str, str] = {}

Choice = TypeVar("Choice", bound=Enum)


class Given:
    """What a query string of a `caller` holds.

    `elsewhere` says of names that are no parameters here what to ask instead. Raises
    `RequestRefused` at once where it is not UTF-8.
    """

    def __init__(
        self,
        query: bytes,
        names: Sequence[str],
        caller: Caller,
        elsewhere: Mapping[str, str] = _NOWHERE,
    ) -> None:
        self.caller = caller
        self._given, self._problems = parameters(query, (*names, *AWAITED), elsewhere)
        for name in elsewhere:
            self._given.pop(name, None)
        self.awaited = take_awaited(self._given, self._problems)
        """What an answer is to hold; it is no part of the question."""

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str | None:
        """The value, None where it is left out."""
        return self._given.get(name)

    def all_but(self, *names: str) -> list[tuple[str, str]]:
        """All that is given, in the order of names."""
        return sorted((name, text) for name, text in self._given.items() if name not in names)

    def fault(self, name: str, detail: str) -> None:
        """Note what is wrong with a parameter."""
        self._problems.append(Problem(name, detail))

    def refuse_faults(self) -> None:
        """Raises `RequestRefused` with every fault there was."""
        if self._problems:
            raise RequestRefused(self._problems)

    def choice(self, name: str, choices: Mapping[str, Choice]) -> Choice | None:
        """One of several words, None where it is left out."""
        text = self._given.get(name)
        if text is not None and text not in choices:
            self.fault(name, f"{name} is none of {', '.join(choices)}: send one of them")
        return choices.get(text or "")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 on."""
        text = self._given.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:
            return int(text)
        self.fault(name, f"{name} is not a whole number from 1 to {most:,}")
        return default

    def selection(self) -> Selection:
        """Which pages, all of them where none is named; and who looked at them."""
        agent, source = self.agent(), self._source()
        named = [name for name in SELECTION if name in self._given]
        for name in named[1:]:
            self.fault(name, f"{name} and {named[0]} exclude each other: send one of them")
        if not named:
            return EVERYTHING._replace(agent=agent, source=source)
        kind, value = Kind(named[0]), self._given[named[0]]
        if kind is Kind.SITE:
            self._check_site(value)
        elif fault := page_fault(value):
            self.fault(kind.value, fault.replace("page", kind.value, 1))
        selection = Selection(kind, value, agent, source=source)
        try:
            refuse_joined(selection)
        except NotJoined as refused:
            self._problems += refused.problems
        return selection

    def agent(self) -> Agent | None:
        """Who made the views, None: anybody."""
        return agent_of(self._given, self._problems)

    def search(self) -> str:
        """What names have to hold."""
        text = self._given.get("search", "")
        if text and (fault := page_fault(text)):
            self.fault("search", fault.replace("page", "search", 1))
        return text

    def zone(self) -> ZoneInfo:
        """Whose days; UTC where none is named."""
        try:
            return zone_of(self._given.get("tz", "UTC"))
        except UnknownZone:
            detail = "tz is no time zone: send a name of the IANA database, such as Europe/Berlin"
            self.fault("tz", detail)
            return UTC

    def _source(self) -> str | None:
        """Where viewers came from, empty: from nowhere. None where it may be anywhere."""
        text = self._given.get(SOURCE)
        if text and (fault := page_fault(text)):
            self.fault(SOURCE, fault.replace("page", SOURCE, 1))
        return text

    def _check_site(self, value: str) -> None:
        if "/" in value:
            detail = "site holds a slash: send what stands before the first one, or send prefix"
            self.fault("site", detail)
        elif value and (fault := page_fault(value)):
            self.fault("site", fault.replace("page", "site", 1))
