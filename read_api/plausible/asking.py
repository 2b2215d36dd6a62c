"""Who asks about which site: the part that all questions share."""

from functools import partial

from litestar.types import Receive

from domain.agents.classes import Agent
from domain.errors import Problem, RequestRefused
from domain.keys import Caller
from domain.ports.stats import StatsReader
from domain.problems import UNKNOWN_SITE
from domain.sites import Sites
from domain.stats.selection import Kind, Selection
from read_api.stats.after import After
from read_api.stats.given import Given
from read_api.stats.within import within
from read_api.waiting import Waiting

UNKNOWN = (
    "the site or the key is not known here: send the name of a site that the setting SITES "
    "declares, with a key that may know of it"
)


def selection_of(site_id: str, agent: Agent | None, caller: Caller, sites: Sites) -> Selection:
    """Views of the site by `agent`. Raises `RequestRefused`, the same for whatever is not known."""
    site = sites.site_of(site_id) if sites else site_id
    if site is None or (caller.sites is not None and site not in caller.sites):
        raise RequestRefused([Problem("/site_id", UNKNOWN)], kind=UNKNOWN_SITE)
    return Selection(Kind.SITE, site, agent)


def reader_of(stats: StatsReader, given: Given, waiting: Waiting, receive: Receive) -> StatsReader:
    """Statistics as the caller may know them, once what is waited for is folded."""
    reader = within(stats, given.caller)
    if given.awaited is None:
        return reader
    return After(reader, partial(waiting.until_folded, given.awaited, receive))
