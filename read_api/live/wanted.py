"""Which of the numbers that are kept a question is about. Pure.

Where its keys can be named they are looked up: of tens of thousands each look at one costs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple

from domain.agents.classes import Agent
from domain.stats.selection import Kind, Selection, site_of
from read_api.live.kept import Key

OfPage = tuple[str, Agent]
OfSite = tuple[str, Agent]
OfSource = tuple[str, str, Agent]


class Wanted(NamedTuple, Generic[Key]):
    """These `keys`, or all that one `holds`; of both None: all."""

    keys: Sequence[Key] | None = None
    holds: Callable[[Key], bool] | None = None

    def of(self, cells: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
        """What is wanted of them."""
        if self.keys is not None:
            yield from ((key, cells[key]) for key in self.keys if key in cells)
        elif (holds := self.holds) is not None:
            yield from (cell for cell in cells.items() if holds(cell[0]))
        else:
            yield from cells.items()


def wanted_pages(asked: Selection) -> Wanted[OfPage]:
    """Of pages by class of viewer."""
    agents, sites = _agents(asked), asked.sites
    match asked.kind:
        case Kind.PAGE:
            pages = [asked.value] if asked.holds(asked.value) else []
            return Wanted([(page, agent) for page in pages for agent in agents])
        case Kind.ALL if sites is None:
            return _of_agent(asked)
        case Kind.PREFIX if sites is None:
            prefix = asked.value
            return Wanted(holds=lambda key: key[0].startswith(prefix) and key[1] in agents)
        case _:
            return Wanted(holds=lambda key: asked.holds(key[0]) and key[1] in agents)


def wanted_sites(asked: Selection) -> Wanted[OfSite]:
    """Of sites by class of viewer; it is about whole sites."""
    sites = _sites(asked)
    if sites is None:
        return _of_agent(asked)
    return Wanted([(site, agent) for site in sites for agent in _agents(asked)])


def wanted_sources(asked: Selection) -> Wanted[OfSource]:
    """Of sources by site and class of viewer; it is about whole sites, and one source."""
    sites, source, agents = _sites(asked), asked.source or "", _agents(asked)
    if sites is None:
        return Wanted(holds=lambda key: key[1] == source and key[2] in agents)
    return Wanted([(site, source, agent) for site in sites for agent in agents])


def _agents(asked: Selection) -> Sequence[Agent]:
    return [*Agent] if asked.agent is None else [asked.agent]


def _of_agent(asked: Selection) -> Wanted[OfPage]:
    agent = asked.agent
    return Wanted() if agent is None else Wanted(holds=lambda key: key[1] is agent)


def _sites(asked: Selection) -> Sequence[str] | None:
    """None: all."""
    if asked.kind is Kind.SITE:
        # Nothing with a slash is one.
        return [asked.value] if site_of(asked.value) == asked.value and _within(asked) else []
    return None if asked.sites is None else [*asked.sites]


def _within(asked: Selection) -> bool:
    return asked.sites is None or asked.value in asked.sites
