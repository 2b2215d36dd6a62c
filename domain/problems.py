"""The kinds of refusals: what `type` says in an answer, what it means and what to do about it.

Machines go by `type` and the members, never by a sentence; the sentences are for people.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, NamedTuple

Outcome = Literal["none", "unknown"]
"""Of a request to append: was anything appended?"""

PROBLEMS = "/problems/"

# Clients may compare them, and Python renames its own (413 and 422 in 3.13).
_TITLES: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    421: "Misdirected Request",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def title_of(status: int) -> str:
    """What `title` says for a status, the same under every Python."""
    known = _TITLES.get(status)
    return known or (HTTPStatus(status).phrase if status in set(HTTPStatus) else "Refused")


class Kind(NamedTuple):
    """One row of the table.

    `again`: the same request may be sent again, later; it cannot count twice, as long as the
    outcome is none.
    """

    name: str
    status: int
    outcome: Outcome
    means: str
    advice: str
    again: bool = False

    @property
    def reference(self) -> str:
        """What `type` says: a reference relative to the service, where this is explained."""
        return PROBLEMS + self.name


INVALID = Kind(
    "invalid",
    400,
    "none",
    "Something in the request cannot be read, counted or answered. All of it was refused.",
    "Send instead what `errors` says, place by place. As it is it will be refused again.",
)
PAST_HORIZON = Kind(
    "past-horizon",
    400,
    "none",
    "A view is older than the service keeps (RETENTION_DAYS). All of the request was refused.",
    "Leave out what is older than `oldest`, the first moment that is accepted. Where that is later "
    "than it should be, a clock is or was wrong: footfall check says which.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "none",
    "There is nothing at this address.",
    "Look at /schema, which describes what there is.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "none",
    "What is at this address is asked with another method.",
    "Use the method that the header Allow names.",
)
TOO_SLOW = Kind(
    "too-slow",
    408,
    "none",
    "The body did not arrive within the deadline; the connection is closed.",
    "Send less in one request.",
)
TOO_LARGE = Kind(
    "too-large",
    413,
    "none",
    "The body is larger than is accepted.",
    "Send it in several requests.",
)
CROSS_SITE = Kind(
    "cross-site",
    403,
    "none",
    "A web page of another site had a browser send this, and this is not taken from there.",
    "Name the origin of a page that asks in CORS_ORIGINS. Send views from a server: one that "
    "passes on what browsers send leaves out their Origin and Sec-Fetch-Site.",
)
UNDECLARED_SITE = Kind(
    "undeclared-site",
    403,
    "none",
    "A view is of a site that is not declared here (SITES).",
    "Name the site in the setting SITES, as its pages' host is written, or send views of another.",
)
UNAUTHORIZED = Kind(
    "unauthorized",
    401,
    "none",
    "The service has keys, and the request came with none of them, or with one whose time is over.",
    "Send the header Authorization: Bearer KEY. Whoever runs the service makes keys with footfall "
    "key new.",
)
FORBIDDEN = Kind(
    "forbidden",
    403,
    "none",
    "The key that was sent is known, and is not for this.",
    "Use a key with the right that `detail` names: ingest appends views, read asks for reports and "
    "statistics, admin may do everything.",
)
UNKNOWN_SITE = Kind(
    "unknown-site",
    401,
    "none",
    "The site that is asked about is none of this service's, or none that the key may know of.",
    "Send the name of a site as the setting SITES has it, with a key that is not bound to others.",
)
UNSUPPORTED_ENCODING = Kind(
    "unsupported-encoding",
    415,
    "none",
    "The body is packed in a way that is not read here (Content-Encoding).",
    "Send it as it is, or packed in one of the ways that the header Accept-Encoding names.",
)
MISDIRECTED = Kind(
    "misdirected",
    421,
    "none",
    "The request is for a host that this service does not answer for.",
    "Ask for its address, or name the host in the service's setting ALLOWED_HOSTS.",
)
TOO_MANY_BUCKETS = Kind(
    "too-many-buckets",
    422,
    "none",
    "The range has more parts in the unit that was asked for than an answer may have.",
    "Ask for the unit that `detail` names, or for a shorter range.",
)
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    429,
    "none",
    "One client has sent more than it may in a while (RATE_LIMIT by its address, KEY_RATE_LIMIT by "
    "its key); nothing of the request was read.",
    "Send it again after Retry-After: it cannot count twice. A proxy that asks for many has to be "
    "named in the service's setting TRUSTED_PROXIES, and to say for whom it asks.",
    again=True,
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    431,
    "none",
    "The request's first line and headers are larger than is accepted.",
    "Send fewer and shorter headers; no page is longer than a view's may be.",
)
FAILED = Kind(
    "failed",
    500,
    "unknown",
    "Something went wrong in the service, and nobody foresaw it.",
    "Look into the log of the server. What was sent may be counted: sent again it may count twice.",
)
OVERLOADED = Kind(
    "overloaded",
    503,
    "none",
    "Too much is waiting for the log already; nothing of the request was appended.",
    "Send it again after Retry-After: it cannot count twice.",
    again=True,
)
UNCONFIRMED = Kind(
    "unconfirmed",
    503,
    "unknown",
    "The log did not confirm within the deadline. The views may or may not be counted later.",
    "Decide what is worse: sent again they may count twice, otherwise they may not count at all.",
)
UNAVAILABLE = Kind(
    "unavailable",
    503,
    "none",
    "What the answer needs cannot be reached or written now: the database, a log on a full disk.",
    "Ask again after Retry-After. Where `outcome` is unknown, views sent again may count twice.",
    again=True,
)
NOT_YET = Kind(
    "not-yet",
    504,
    "none",
    "The views that the request names by min-position are in the log, and were not counted within "
    "the time that it was to wait. They will be: nothing is lost.",
    "Ask again after Retry-After, with a longer `wait` where there is one. Where it lasts, "
    "/stats/state says which partitions stand still and why.",
    again=True,
)

KINDS = (
    INVALID,
    PAST_HORIZON,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    TOO_LARGE,
    CROSS_SITE,
    UNDECLARED_SITE,
    UNAUTHORIZED,
    FORBIDDEN,
    UNKNOWN_SITE,
    UNSUPPORTED_ENCODING,
    MISDIRECTED,
    TOO_MANY_BUCKETS,
    TOO_MANY_REQUESTS,
    HEADERS_TOO_LARGE,
    FAILED,
    OVERLOADED,
    UNCONFIRMED,
    UNAVAILABLE,
    NOT_YET,
)
BY_REFERENCE = {kind.reference: kind for kind in KINDS}
