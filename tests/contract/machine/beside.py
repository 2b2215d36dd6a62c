"""What must be counted beside pages, and under which names pages of strangers, told once more."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from domain.agents.classes import Agent
from domain.events import Hour, PageViewed
from domain.hours import hour_of
from domain.page_rules import PageRules
from tests.contract.machine.backend import MOST_VALUES
from tests.contract.machine.lanes import Logged

SOURCES = (None, "", "a.example", "b.example", "other", "c.example")

Beside = Counter[tuple[str, Hour, str, Agent]]
"""Views by site, hour, source and class."""


class Counted(NamedTuple):
    """An event as it is counted: under which name, by whom, and from where by which name."""

    event: PageViewed
    page: str
    agent: Agent
    source: str | None


def counted(log: Iterable[Logged], rules: PageRules) -> Iterator[Counted]:
    """The events of one partition, from its beginning."""
    seen: dict[str, int] = {}
    new: Counter[tuple[str, int]] = Counter()
    values: dict[tuple[str, Hour], list[str]] = {}
    for logged in log:
        sources: Sequence[str | None] = logged.sources or [None] * len(logged.events)
        for (event, agent), source in zip(logged.by_class(), sources, strict=True):
            name = page = rules.apply(event.page)
            site = page.split("/")[0]
            if logged.new_pages:
                if page in seen and seen[page] + 24 >= logged.hour:
                    seen[page] = max(seen[page], logged.hour)
                elif new[site, logged.hour] < logged.new_pages:
                    new[site, logged.hour] += 1
                    seen[page] = logged.hour
                else:
                    name = site + "/(other)"
            if source not in (None, "other"):
                first = values.setdefault((site, hour_of(event.at_ms)), [])
                if source not in first and len(first) < MOST_VALUES:
                    first.append(str(source))
                source = source if source in first else "other"
            yield Counted(event, name, agent, source)
