"""A key that is bound to sites asks for another one as clients of Plausible's statistics do."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from domain.keys import ANYBODY
from read_api.plausible.routes import QUERY, STATS
from tests.unit.web.two_sites import BOUND, MINE, OTHERS, SITES, Both

_FILTERED = {"filters": "event:page==/a|/1"}
OF_ONE_SITE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    QUERY: [
        {},
        {"dimensions": ["event:page"]},
        {"dimensions": ["visit:source"]},
        {"dimensions": ["time:month"], "date_range": "12mo"},
        {"filters": [["is", "event:page", ["/a", "/0"]]]},
        {"filters": [["contains", "event:page", ["/"]]], "dimensions": ["time:day"]},
        {"filters": [["is", "visit:source", ["search.example"]]]},
    ],
    f"{STATS}/aggregate": [{}, {"compare": "previous_period"}, _FILTERED],
    f"{STATS}/timeseries": [{}, {"interval": "month", "period": "12mo"}, _FILTERED],
    f"{STATS}/breakdown": [
        {"property": "event:page"},
        {"property": "visit:source"},
        {"property": "event:page", "limit": "1", "page": "2"},
    ],
}
"""Routes that tell of one site, with questions about it."""
REFUSED = {f"{STATS}/realtime/visitors"}
"""Whoever asks, and about whatever."""


def sent(path: str, site: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """How it is asked."""
    if path != QUERY:
        return {"query": {"site_id": site, "period": "30d", "metrics": "pageviews", **question}}
    whole = {"site_id": site, "metrics": ["pageviews"], "date_range": "all", **question}
    return {"query": {}, "method": "POST", "body": msgspec.json.encode(whole)}


@pytest.mark.parametrize("path", OF_ONE_SITE)
def test_one_s_own_site_is_told_as_if_there_were_no_other(both: Both, path: str) -> None:
    for question in OF_ONE_SITE[path]:
        found = both.heard(path, other=ANYBODY, **sent(path, MINE, question))
        assert found.status == 200, found.body
        assert found.json["results"]


@pytest.mark.parametrize("path", OF_ONE_SITE)
@pytest.mark.parametrize("site", [site for site in SITES if site != MINE])
def test_another_site_is_refused_like_one_that_there_never_was(
    both: Both, path: str, site: str
) -> None:
    for question in OF_ONE_SITE[path]:
        found = both.heard(path, other=BOUND, **sent(path, site, question))
        unknown = both.heard(path, other=BOUND, **sent(path, "nobody.example", question))
        if site:
            assert (found.status, found.body) == (unknown.status, unknown.body)
        assert found.status == (401 if site else 400)


@pytest.mark.parametrize("path", OF_ONE_SITE)
def test_whoever_is_bound_to_nothing_is_told_of_it(both: Both, path: str) -> None:
    """Or it could not be kept from others."""
    for question in OF_ONE_SITE[path]:
        asked = sent(path, OTHERS, question)
        whole = both.run(both.everything.ask(ANYBODY, path, **asked))
        assert whole.status == 200
        assert whole.body != both.run(both.alone.ask(ANYBODY, path, **asked)).body
