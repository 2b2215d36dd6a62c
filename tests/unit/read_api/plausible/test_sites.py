"""Which sites may be asked about, and by whom; both kinds of questions alike."""

import asyncio

import pytest
from msgspec.structs import replace

from domain.keys import ANYBODY, Caller, Right
from domain.page_rules import PageRules
from domain.stats.answers import Ranking
from domain.stats.ranking import Listing
from tests.fakes import FakeReceipts
from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import SITE, Plausible, hour, refused, some
from tests.unit.read_api.stats_site import Answered

BOUND = Caller("bound", frozenset({Right.READ}), frozenset({SITE}))
UNKNOWN = (
    "the site or the key is not known here: send the name of a site that the setting SITES "
    "declares, with a key that may know of it"
)


RULES = PageRules("strip-trailing-slash")


class Ruled(FakeStats):
    """Rows of pages that are named by rules, and so is what is asked for."""

    async def ranking(self, listing: Listing) -> Ranking:
        asked = listing.selection
        named = asked._replace(value=RULES.apply(asked.value))
        found = await super().ranking(replace(listing, selection=named))
        return replace(found, standing=replace(found.standing, rules=RULES.text))


async def both(site: Plausible, name: str) -> list[Answered]:
    """The same question in both ways."""
    query = f"site_id={name}&metrics=pageviews&period=7d"
    return [await site.query(site_id=name), await site.get("aggregate", query)]


@pytest.mark.parametrize(
    ("sites", "caller", "name"),
    [
        (SITE, ANYBODY, "other.example"),
        (SITE, ANYBODY, "blog.shop.example"),
        ("*.shop.example", ANYBODY, SITE),
        ("", BOUND, "other.example"),
        ("", BOUND, f"{SITE}.evil"),
        (f"{SITE},other.example", BOUND, "other.example"),
    ],
)
async def test_what_is_not_known_and_what_may_not_be_known_are_told_alike(
    sites: str, caller: Caller, name: str
) -> None:
    for found in await both(Plausible(sites=sites, caller=caller), name):
        assert refused(found, 401) == UNKNOWN
        assert found.json["type"] == "/problems/unknown-site"
        assert found.headers[b"www-authenticate"] == b'Bearer realm="footfall"'


@pytest.mark.parametrize(
    ("sites", "caller", "name", "views"),
    [
        ("", ANYBODY, SITE, 17),
        ("", ANYBODY, "nobody.example", 0),
        (SITE, ANYBODY, SITE, 17),
        (SITE, ANYBODY, "www.Shop.example", 17),
        ("*.example", ANYBODY, SITE, 17),
        ("", BOUND, SITE, 17),
    ],
)
async def test_a_site_that_may_be_known_is_told(
    sites: str, caller: Caller, name: str, views: int
) -> None:
    query, aggregate = await both(Plausible(sites=sites, caller=caller), name)
    assert query.json["results"] == [{"metrics": [views], "dimensions": []}]
    assert query.json["query"]["site_id"] == name
    assert aggregate.json == {"results": {"pageviews": {"value": views}}}


async def test_a_filter_leads_to_no_page_of_another_site() -> None:
    site = Plausible(caller=BOUND)
    for value in (".evil/blog/a", "/../other.example/", "other.example/"):
        found = await site.query(filters=[["is", "event:page", [value]]])
        assert found.json["results"] == [{"metrics": [0], "dimensions": []}]


async def test_pages_are_named_by_the_rules_of_the_rows() -> None:
    site = Plausible(
        Ruled({(hour("2025-07-14T10"), SITE): 3, (hour("2025-07-14T10"), f"{SITE}/a"): 2})
    )
    found = (await site.query(dimensions=["event:page"])).json["results"]
    assert [row["dimensions"] for row in found] == [["/"], ["/a"]]
    for value, views in (("/", 3), ("/a", 2), ("/a/", 2)):
        told = (await site.query(filters=[["is", "event:page", [value]]])).json["results"]
        assert told == [{"metrics": [views], "dimensions": []}]


async def test_a_page_without_a_slash_is_another_than_the_first_of_its_site() -> None:
    hours = hour("2025-07-14T10")
    site = Plausible(FakeStats({(hours, SITE): 3, (hours, f"{SITE}/"): 2}))
    found = (await site.query(dimensions=["event:page"])).json["results"]
    assert [(row["dimensions"], row["metrics"]) for row in found] == [([""], [3]), (["/"], [2])]


async def test_a_question_waits_for_views_that_it_is_to_have() -> None:
    receipts = FakeReceipts()
    site = Plausible(some(), receipts=receipts)
    assert "min-position cannot be read" in refused(await site.query("min-position=x"))
    assert "wait is how long" in refused(await site.query("wait=1"))


async def test_questions_at_once_do_not_disturb_each_other() -> None:
    site = Plausible()
    answers = await asyncio.gather(*(site.query(date_range=each) for each in ("day", "7d") * 3))
    assert [found.json["results"][0]["metrics"] for found in answers] == [[9], [17]] * 3
