"""The members of JSON lines that requests are read from."""

from typing import NamedTuple

from importer.requests import NamedMembers

Names = tuple[str, ...]


class Fields(NamedTuple):
    """Which members may hold what; the first that holds anything does. A dot leads into an object.

    `target` is as it was requested. Without one `request` is a whole request line, and without
    that `path` is the target and `query` follows it. Each of them may be a URL.
    """

    time: Names
    method: Names
    status: Names
    host: Names
    target: Names = ()
    request: Names = ()
    path: Names = ()
    query: Names = ()
    agent: Names = ()


CADDY = Fields(
    time=("ts", "time", "timestamp", "@timestamp"),
    method=("request.method",),
    status=("status",),
    host=("request.host",),
    target=("request.uri",),
    agent=("request.headers.User-Agent",),
)
TRAEFIK = Fields(
    time=("StartUTC", "StartLocal", "time"),
    method=("RequestMethod",),
    status=("DownstreamStatus", "OriginStatus"),
    host=("RequestHost", "RequestAddr"),
    target=("RequestPath",),
    agent=("request_User-Agent",),
)
# Names of nginx's variables first: what carried a log elsewhere adds its own moment and host.
GUESSED = Fields(
    time=(
        *("time_iso8601", "time_local", "msec", "time", "timestamp", "start_time", "datetime"),
        *("date", "ts", "requestTime", "EdgeStartTimestamp", "@t", "@timestamp"),
    ),
    method=(
        *("request_method", "method", "http_method", "verb", "http.request.method"),
        *("httpRequest.requestMethod", "httpMethod", "requestMethod", "RequestMethod"),
        *("ClientRequestMethod", "req.method"),
    ),
    status=(
        *("status", "status_code", "statusCode", "response_code", "response_status"),
        *("http.response.status_code", "httpRequest.status", "StatusCode", "EdgeResponseStatus"),
        *("http_status", "res.statusCode"),
    ),
    host=(
        *("http_host", "vhost", "domain", "host", "authority", "url.domain", "domainName"),
        *("ClientRequestHost", "req.headers.host", "server_name"),
    ),
    target=("request_uri", "requestUri", "url.original", "ClientRequestURI"),
    request=("request", "request_line"),
    path=(
        *("uri", "url", "path", "url.path", "url.full", "httpRequest.requestUrl", "req.url"),
        *("request_path", "requested_uri", "RequestPath", "request"),
    ),
    query=("args", "query_string", "query", "url.query"),
    agent=(
        *("http_user_agent", "user_agent", "userAgent", "user_agent.original", "http.user_agent"),
        *("httpRequest.userAgent", "ClientRequestUserAgent", "req.headers.user-agent", "UserAgent"),
        *("user-agent", "agent", "ua"),
    ),
)

NAMED = ("time", "method", "target", "query", "request", "status", "host", "agent")
"""What a person may name a member for."""


def named(text: str) -> NamedMembers:
    """`time=ts,target=uri,host=` as pairs: `host` is not to be read. Raises `ValueError`."""
    pairs = [tuple(map(str.strip, one.partition("="))) for one in text.split(",")]
    for name, equals, _ in pairs:
        if name not in NAMED or not equals:
            raise ValueError(f"write name=member,... with names of {', '.join(NAMED)}")
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("each name stands once")
    if {"target", "request"} <= set(names):
        raise ValueError("name a target or a whole request line, not both")
    return tuple((name, member) for name, _, member in pairs)


def there(fields: Fields, members: tuple[str, ...]) -> Fields:
    """Those names alone that an object with these members can have."""
    are = set(members)
    return Fields(
        *(
            tuple(name for name in names if name in are or name.partition(".")[0] in are)
            for names in fields
        )
    )


def chosen(usual: Fields, pairs: NamedMembers) -> Fields:
    """The usual names, but for what the pairs name."""
    members: dict[str, Names] = {name: (member,) if member else () for name, member in pairs}
    if "target" in members:
        path = members.pop("target")
        members = {"query": (), **members, "path": path, "target": (), "request": ()}
    elif "request" in members:
        members |= {"target": (), "path": ()}
    elif "query" in members:
        members |= {"target": ()}
    return usual._replace(**members)
