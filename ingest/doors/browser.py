"""POST /page-views/browser: what Footfall's own tracker sends, and whoever writes another."""

from collections.abc import Sequence

from ingest.doors.addresses import address_of
from ingest.doors.way_in import addressed, all_named
from ingest.doors.words import (
    MOST_SITES,
    PAGE,
    SITE,
    Asked,
    Counted,
    DoorTo,
    Heard,
    Outcome,
    Refused,
    Told,
    members,
    refusal,
    refused,
    text,
)
from web.problems import Answer, answer

EXAMPLE = '{"url":"https://example.com/page","referrer":"https://search.example/"}'
_NAMES = {PAGE: "/url", SITE: "/site"}


def read(asked: Asked) -> Sequence[Heard]:
    """A view for each site that is named, or for the host of its address."""
    given = members(asked.body, EXAMPLE)
    url, site = given.get("url"), given.get("site")
    if not isinstance(url, str):
        return [Refused(PAGE, f"url is missing or not a string: send {EXAMPLE}")]
    if site is not None and not isinstance(site, str):
        return [Refused(SITE, "site is not a string: send a name such as example.com")]
    names = all_named(site or "")
    if len(names) > MOST_SITES:
        return [Refused(SITE, f"site names over {MOST_SITES} sites: send fewer")]
    address = addressed(url, address_of, "location.href")
    if isinstance(address, Refused):
        return [address]
    told = Told(
        address,
        (),
        text(given.get("referrer")),
        asked.headers.get("user-agent", ""),
        with_fragment=given.get("hash") in (1, True),
    )
    return [told._replace(sites=[name]) for name in names] or [told]


def tell(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """How many counted, or why none did."""
    if error := refusal(outcomes, _NAMES):
        return refused(error)
    return answer({"accepted": sum(isinstance(each, Counted) for each in outcomes)}, 202)


BROWSER = DoorTo("/page-views/browser", read, tell, one_view=True)
