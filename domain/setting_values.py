"""What the values of settings may be; each function raises `SettingsError` with a sentence."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from domain.agents.viewers import KEPT
from domain.database_urls import DatabaseUrl, address_of, parse_url
from domain.errors import SettingsError
from domain.hosts import ANY
from domain.sites import is_site

_MOST_DIGITS = 30
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# In the DNS, and what people call containers.
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:[0-9]{1,5})?")
_PARAMETER = re.compile(r"[\w.~-]+")
_AMQP_PARAMETERS = ("heartbeat", "name", "timeout")
_AMQPS_PARAMETERS = ("cafile", "capath", "cadata", "certfile", "keyfile", "no_verify_ssl")

Given = Mapping[str, str]
"""Names to values that are not empty."""


def whole_number(name: str, text: str, low: int, high: int) -> int:
    """The number in `text`, from `low` to `high`."""
    # Python refuses to read a number of some thousand digits.
    digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not (digits and low <= int(text) <= high):
        raise SettingsError(f"{name} is {text!r}: write a whole number from {low} to {high}")
    return int(text)


def log_level(text: str) -> str:
    """One of `LOG_LEVELS`, under any of its names."""
    level = {"WARN": "WARNING", "TRACE": "DEBUG", "FATAL": "ERROR"}.get(text.upper(), text.upper())
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text!r}: write one of {', '.join(LOG_LEVELS)}")
    return level


def kept_of_user_agents(text: str) -> str:
    """One of `KEPT`."""
    if text not in KEPT:
        message = (
            f"KEEP_USER_AGENTS is {text!r}: write label, full (whole ones, which can tell viewers "
            "apart) or class"
        )
        raise SettingsError(message)
    return text


def yes_or_no(name: str, text: str) -> bool:
    """True or false, as people write it."""
    found = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in found:
        raise SettingsError(f"{name} is {text!r}: write true or false")
    return found[text.lower()]


def proxies(text: str) -> str:
    """Addresses and networks, as they are kept."""
    try:
        return ",".join(str(ip_network(each.strip())) for each in text.split(",") if each.strip())
    except ValueError:
        message = (
            f"TRUSTED_PROXIES is {text!r}: write addresses or networks such as 10.0.0.0/8 or "
            "fd00::/8, commas between"
        )
        raise SettingsError(message) from None


def origins(text: str) -> str:
    """Schemes and hosts of web pages, as browsers send them."""
    found = [each.strip().lower() for each in text.split(",") if each.strip()]
    if not all(_ORIGIN.fullmatch(each) for each in found):
        message = (
            f"CORS_ORIGINS is {text!r}: write origins such as https://example.com or "
            "http://localhost:8080, commas between, without a path"
        )
        raise SettingsError(message)
    return ",".join(_without_usual_port(each) for each in found)


def _without_usual_port(origin: str) -> str:
    usual = ":443" if origin.startswith("https:") else ":80"
    return origin.removesuffix(usual)


def sites_of_pages(name: str, text: str) -> str:
    """Sites, each in full."""
    found = [each.strip() for each in text.split(",") if each.strip()]
    wrong = next((each for each in found if not is_site(each)), None)
    if wrong is not None:
        message = (
            f"{name} has {wrong!r}: write sites, which are what stands before the first slash of "
            "pages, such as example.com, commas between, each in full"
        )
        raise SettingsError(message)
    return ",".join(found)


def badges(text: str) -> str:
    """The same, or `*` for any site."""
    return text if text == ANY else sites_of_pages("BADGES", text)


def query_names(text: str) -> str:
    """Names of parameters."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not all(_PARAMETER.fullmatch(name) for name in names):
        message = f"PAGE_QUERY is {text!r}: write names of parameters, commas between"
        raise SettingsError(message)
    return ",".join(names)


def stream_prefix(text: str) -> str:
    """What may begin the names of streams."""
    if len(text) > 200 or not all(c.isascii() and (c.isalnum() or c in "._-") for c in text):
        message = f"STREAM_PREFIX is {text!r}: write letters, digits, '.', '_' and '-'"
        raise SettingsError(message)
    return text


def allowed_hosts(text: str) -> str:
    """Names of hosts, small and without a port; * for all of them."""
    names = [name.strip().lower().removesuffix(".") for name in text.split(",")]
    for name in names:
        if name != ANY and not _HOST_NAME.fullmatch(name):
            message = (
                f"ALLOWED_HOSTS has {name!r}: write names such as stats.example.com, commas "
                "between, without scheme and port, or * for all"
            )
            raise SettingsError(message)
    return ",".join(names)


def rabbitmq_url(given: Given) -> str | None:
    """The nodes in RABBITMQ_URL, None where it is not set."""
    if "RABBITMQ_URL" not in given:
        return None
    nodes = [node.strip() for node in given["RABBITMQ_URL"].split(",")]
    for node in nodes:
        _check_node(node)
    if len({virtual_host(node) for node in nodes}) > 1:
        message = "RABBITMQ_URL names several virtual hosts: write the nodes of one cluster"
        raise SettingsError(message)
    return ",".join(nodes)


def management_url(given: Given) -> str | None:
    """RABBITMQ_MANAGEMENT_URL, of one node or of several; None where it is not set."""
    if "RABBITMQ_MANAGEMENT_URL" not in given:
        return None
    urls = [url.strip().rstrip("/") for url in given["RABBITMQ_MANAGEMENT_URL"].split(",")]
    for url in urls:
        parts = _split("RABBITMQ_MANAGEMENT_URL", url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = (
                "RABBITMQ_MANAGEMENT_URL is not http://HOST:15672 (or https://), or several of "
                "them with commas between"
            )
            raise SettingsError(message)
    return ",".join(urls)


def virtual_host(node: str) -> str:
    """The virtual host that the URL of a node names: / where it names none.

    A slash in its name is %2F; encoded twice it means the same, as it does to the client library.
    """
    path = unquote(urlsplit(node).path.removeprefix("/"))
    return path.replace("%2F", "/").replace("%2f", "/") or "/"


def _check_node(node: str) -> None:
    parts = _split("RABBITMQ_URL", node)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname or parts.fragment:
        message = (
            "RABBITMQ_URL is not amqp://USER:PASSWORD@HOST:5672/VHOST (or amqps://), or several "
            "of them with commas between; in a password write a comma as %2C, @ as %40, / as %2F, "
            "# as %23"
        )
        raise SettingsError(message)
    _check_node_query(parts)


def _check_node_query(parts: SplitResult) -> None:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in query:
        if name not in (*_AMQP_PARAMETERS, *_AMQPS_PARAMETERS):
            known = ", ".join((*_AMQP_PARAMETERS, *_AMQPS_PARAMETERS))
            message = f"RABBITMQ_URL has the parameter {name!r}: understood are {known}"
            raise SettingsError(message)
        if name in _AMQPS_PARAMETERS and parts.scheme != "amqps":
            raise SettingsError(f"RABBITMQ_URL has the parameter {name!r}: it is for amqps:// only")
    if "keyfile" in query and "certfile" not in query:
        raise SettingsError("RABBITMQ_URL has a keyfile and no certfile: name both")
    whole_number("RABBITMQ_URL, heartbeat", query.get("heartbeat", "10"), 1, 3_600)
    whole_number("RABBITMQ_URL, timeout", query.get("timeout", "10"), 1, 3_600)
    whole_number("RABBITMQ_URL, no_verify_ssl", query.get("no_verify_ssl", "0"), 0, 1)


def database_url(given: Given) -> str | None:
    """DATABASE_URL, or the parts POSTGRES_HOST and so on, for SQLAlchemy; None without either."""
    if "DATABASE_URL" not in given:
        return _to_write(_from_postgres_parts(given)) if "POSTGRES_HOST" in given else None
    without = "leave it out for the embedded SQLite files"
    return _to_write(parse_url("DATABASE_URL", given["DATABASE_URL"], without))


def read_database_url(given: Given) -> str | None:
    """READ_DATABASE_URL for SQLAlchemy, None where it is not set."""
    if "READ_DATABASE_URL" not in given:
        return None
    if "DATABASE_URL" not in given and "POSTGRES_HOST" not in given:
        message = (
            "READ_DATABASE_URL is set, but no database it could be a replica of: "
            "set DATABASE_URL too"
        )
        raise SettingsError(message)
    without = "leave it out to read from DATABASE_URL"
    url = parse_url("READ_DATABASE_URL", given["READ_DATABASE_URL"], without)
    return _of_several(url, "prefer-standby")


def _to_write(url: DatabaseUrl) -> str:
    """Of several hosts, the one that can be written to."""
    return _of_several(url, "read-write")


def _of_several(url: DatabaseUrl, attributes: str) -> str:
    """Of several hosts, the one that is so, unless the URL says which."""
    if len(url.hosts) > 1 and "target_session_attrs" not in url.parameters:
        parameters = {**url.parameters, "target_session_attrs": attributes}
        return url._replace(parameters=parameters).for_the_driver
    return url.for_the_driver


def _from_postgres_parts(given: Given) -> DatabaseUrl:
    port = whole_number("POSTGRES_PORT", given.get("POSTGRES_PORT", "5432"), 1, 65_535)
    user = given.get("POSTGRES_USER", "postgres")
    return DatabaseUrl(
        hosts=address_of("POSTGRES_HOST", given["POSTGRES_HOST"], port),
        user=user,
        password=given.get("POSTGRES_PASSWORD"),
        database=given.get("POSTGRES_DB", user),
        parameters={},
        settings={},
    )


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # What it says of the URL may hold a piece of the password.
        message = f"{name} is not a URL: write special characters of the password as %XX"
        raise SettingsError(message) from None
    return parts
