"""What is heard of the log, as an answer."""

from collections.abc import Iterator

from domain.hours import as_moment
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.stats.selection import Kind, Selection, site_of, sites_named
from read_api.live.counts import MINUTE_MS, ByMinute, Counts, first_minute
from read_api.live.follower import Follower
from read_api.live.following import Following
from read_api.live.shapes import LatestRow, Live, LiveQuestion
from read_api.live.state import State
from read_api.stats.given import SOURCE
from read_api.stats.telling import agent_notes, agent_text

_SECOND_MS = 1_000
_CONFIRMED = (
    "These views are confirmed, and may not all be counted yet: those that are not are no part of "
    "other answers."
)
_NOT_JOINED = "Sources are counted by site and not by page: no pages are listed."


def told_live(follower: Follower, asked: Selection, clock: Clock) -> Live:
    """What is known of a selection now."""
    now_ms, following = clock(), follower.following
    selection = {} if asked.kind is Kind.ALL else {asked.kind.value: asked.value}
    if asked.source is not None:
        selection[SOURCE] = asked.source
    counts = following.counts if following else Counts(now_ms)
    named = _named(asked, following.naming.rules) if following else asked
    found = counts.by_minute(named, now_ms)
    silent_ms = following.standing.silent_since_ms if following else None
    state = following.standing.state if following else State.CATCHING_UP
    stands_still = state is State.STANDS_STILL and silent_ms is not None
    unknown = state is State.UNKNOWN
    return Live(
        question=LiveQuestion(selection=selection, agent=agent_text(asked.agent)),
        since=as_moment(found.since * MINUTE_MS),
        until=as_moment(now_ms),
        minutes=[None] * len(found.minutes) if unknown else found.minutes,
        views=None if unknown else found.views,
        latest=[
            LatestRow(at=as_moment(second * _SECOND_MS), page=page, views=views)
            for second, page, views in counts.latest(named, now_ms)
        ],
        state=state.value,
        stands_still_since=as_moment(silent_ms) if stands_still and silent_ms else None,
        notes=[*_notes(asked, found, following, now_ms)],
    )


def _notes(
    asked: Selection, found: ByMinute, following: Following | None, now_ms: int
) -> Iterator[str]:
    yield _CONFIRMED
    if following is not None:
        reason = following.standing.reason
        if following.standing.state is State.STANDS_STILL:
            yield f"A part of the log, at least, does not answer, and is shown as it was: {reason}."
        elif following.standing.state is State.UNKNOWN:
            yield f"The log is not reached from here, so that nothing is known: {reason}."
    if found.since > first_minute(now_ms):
        since = as_moment(found.since * MINUTE_MS)
        yield f"There are more views than are kept: those before {since} are left out."
    if asked.source is not None:
        yield _NOT_JOINED
    yield from agent_notes(asked.agent)


def _named(asked: Selection, rules: PageRules) -> Selection:
    """As statistics take it: pages and sites by the rules, a prefix as it is written."""
    value = asked.value
    if asked.kind is Kind.PAGE:
        value = rules.apply(value)
    elif asked.kind is Kind.SITE:
        value = site_of(rules.apply(value))
    sites = None if asked.sites is None else sites_named(asked.sites, rules)
    return asked._replace(value=value, sites=sites)
