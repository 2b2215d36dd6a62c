"""POST /api/event: what trackers and libraries of Plausible send."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import RequestRefused
from domain.problems import UNDECLARED_SITE
from ingest.doors.addresses import address_of
from ingest.doors.way_in import addressed, all_named
from ingest.doors.words import (
    BODY,
    MOST_SITES,
    PAGE,
    SITE,
    Asked,
    DoorTo,
    Heard,
    NoView,
    Outcome,
    Refused,
    Told,
    members,
    problem_of,
    text,
)
from web.problems import Answer, document, kind_of

EXAMPLE = '{"n":"pageview","u":"https://example.com/page","d":"example.com"}'
_VIEW = "pageview"
_NAME = "event_name"
_FIELDS = {BODY: "request", PAGE: "url", SITE: "domain"}
_MOST_OF_A_NAME = 120
_OK = Answer(202, b"ok", b"text/plain")
_DROPPED = b"x-plausible-dropped"


def read(asked: Asked) -> Sequence[Heard]:
    """A view for each site in the list; nothing but an event of this name is a view."""
    given = members(asked.body, EXAMPLE)
    name, url = _named(given, "n", "name"), _named(given, "u", "url")
    faults = [fault for fault in (_name_fault(name), _domain_fault(given)) if fault]
    address = _address(url)
    if isinstance(address, Refused):
        return [*faults, address]
    if faults:
        return faults
    told = Told(
        address,
        (),
        text(_named(given, "r", "referrer")),
        asked.headers.get("user-agent", ""),
        with_fragment=_is_one(_named(given, "h", "hashMode")),
    )
    domain = _named(given, "d", "domain")
    views = [told] if domain is None else [told._replace(sites=[s]) for s in all_named(domain)]
    return views if name == _VIEW else [NoView(view) for view in views]


def _named(given: Mapping[str, Any], short: str, long: str) -> Any:
    value = given.get(short)
    return given.get(long) if value is None else value


def _is_one(value: object) -> bool:
    return type(value) is int and value == 1


def _name_fault(name: object) -> Refused | None:
    written = str(name) if type(name) is int else name
    if not isinstance(written, str) or not written.strip():
        return Refused(_NAME, f"the name of the event is missing: send {EXAMPLE}")
    if len(written) > _MOST_OF_A_NAME:
        return Refused(_NAME, f"the name of the event is over {_MOST_OF_A_NAME} characters")
    return None


def _domain_fault(given: Mapping[str, Any]) -> Refused | None:
    domain = _named(given, "d", "domain")
    if domain is None:
        return None
    names = all_named(domain) if isinstance(domain, str) else []
    if not names:
        return Refused(SITE, "domain names no site: send one, such as example.com")
    if len(names) > MOST_SITES:
        return Refused(SITE, f"domain names over {MOST_SITES} sites: send fewer")
    return None


def _address(url: object) -> Any:
    if not isinstance(url, str) or not url.strip():
        return Refused(PAGE, f"url is missing or not a string: send {EXAMPLE}")
    return addressed(url, address_of, "location.href, or a path that begins with a slash")


def tell(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """As its server does: what is wrong in itself is 400, and what only is not wanted here is not.

    Clients are told in a header that it did not count. With any other status one of them sends it
    again for ever, and nothing of what comes after it.
    """
    found = [each for each in outcomes if isinstance(each, Refused)]
    wrong = [each for each in found if each.kind is not UNDECLARED_SITE]
    if wrong and len(found) == len(outcomes):
        return _wrong(wrong)
    if not found:
        return _OK
    dropped = [
        (_DROPPED, str(len(found)).encode()),
        (b"footfall-problem", found[0].kind.reference.encode()),
    ]
    return Answer(_OK.status, _OK.body, _OK.media_type, dropped)


def refuse(error: RequestRefused) -> Answer:
    """Of a body that cannot be read."""
    kind = kind_of(error)
    content = document(kind, str(error))
    errors = {"request": [problem.detail for problem in error.problems]}
    return problem_of(content | {"errors": errors})


def _wrong(found: Sequence[Refused]) -> Answer:
    """Readable both as a problem and as what clients of Plausible look into."""
    errors: dict[str, list[str]] = {}
    for each in found:
        errors.setdefault(_FIELDS.get(each.blamed, each.blamed), []).append(each.detail)
    content = document(found[0].kind, found[0].detail) | {"errors": errors}
    return problem_of(content)


def debugged(asked: Asked) -> Answer | None:
    """The address that the client has here, for whoever asks for that alone."""
    wanted = asked.headers.get("x-debug-request", "").lower() == "true"
    return Answer(200, asked.address.encode(), b"text/plain") if wanted else None


EVENT = DoorTo("/api/event", read, tell, refuse, debugged, one_view=True)
