"""PostgreSQL's URLs, as people paste them: what is in one, and what cannot be honoured.

The parameters are libpq's. Each is honoured, or asks for what happens anyway, or is refused by
name. No message holds a piece of a URL but the name of a parameter: a password may be anywhere.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from domain.database_options import options_settings
from domain.errors import SettingsError

DRIVER = "postgresql+asyncpg://"

Host = tuple[str, int | None]

_SCHEME = re.compile(r"(postgresql|postgres|postgresql\+asyncpg)://(.*)", re.DOTALL)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.%A-Za-z_-]+)\]|([^\[\]:@\s]+))(?::(\d{1,5}))?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_TRUE = ("true", "1", "on", "yes")

_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sslmode": _MODES,
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": (
        "any", "read-write", "read-only", "primary", "standby", "prefer-standby"
    ),
    "load_balance_hosts": ("disable", "random"),
    "keepalives": ("0", "1"),
    "pgbouncer": ("true", "false"),
    # What happens anyway:
    "client_encoding": ("UTF8", "UTF-8", "utf8", "utf-8", "auto"),
    "gssencmode": ("disable", "prefer"),
    "channel_binding": ("disable", "prefer"),
    "sslsni": ("1",),
    "sslcompression": ("0",),
    "sslcertmode": ("allow",),
    "gssdelegation": ("0",),
}  # fmt: skip
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "connect_timeout": (1, 600),
    "keepalives_idle": (1, 7_200),
    "keepalives_interval": (1, 7_200),
    "keepalives_count": (1, 100),
    "tcp_user_timeout": (1, 3_600_000),
}
_TEXTS = (
    "application_name",
    "fallback_application_name",
    "options",
    "passfile",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
)
_ADDRESS = ("host", "port", "user", "password", "dbname")
_REFUSED: Mapping[str, str] = {
    "hostaddr": "write the address in place of the host",
    "service": "write what the service file says into the URL",
    "servicefile": "write what the service file says into the URL",
    "require_auth": "Footfall cannot promise it; sslmode=verify-full makes sure of the server",
    "requirepeer": "Footfall cannot check it; leave it out",
    "sslcrldir": "name one file in sslcrl",
    "krbsrvname": "Footfall has no Kerberos: use a password or a certificate",
    "gsslib": "Footfall has no Kerberos: use a password or a certificate",
    "replication": "Footfall does not replicate: leave it out",
}
_INSTEAD: Mapping[str, str] = {
    "channel_binding": "Footfall has none; sslmode=verify-full makes sure of the server too",
    "gssencmode": "Footfall has no Kerberos; sslmode=verify-full encrypts too",
    "client_encoding": "Footfall speaks UTF8 only",
}


class DatabaseUrl(NamedTuple):
    """What a URL says. `settings` are those of the session, from `options`."""

    hosts: tuple[Host, ...]
    user: str | None
    password: str | None
    database: str | None
    parameters: Mapping[str, str]
    settings: Mapping[str, str]

    def __repr__(self) -> str:
        """Nothing that may be secret."""
        return f"DatabaseUrl({len(self.hosts)} hosts)"

    @property
    def for_the_driver(self) -> str:
        """What `parse_url` reads again."""
        hosts = ",".join(map(_authority, self.hosts))
        login = "" if self.user is None else quote(self.user, safe="")
        if self.password is not None:
            login += f":{quote(self.password, safe='')}"
        path = "" if self.database is None else f"/{quote(self.database, safe='')}"
        query = "&".join(
            f"{key}={quote(text, safe='/,-')}" for key, text in self.parameters.items()
        )
        return f"{DRIVER}{login}{'@' * bool(login)}{hosts}{path}{'?' * bool(query)}{query}"


def parse_url(name: str, url: str, without: str = "") -> DatabaseUrl:
    """The parts of a URL, decoded. `name` is the setting, `without` what leaving it out means.

    Raises `SettingsError`.
    """
    found = _SCHEME.fullmatch(url)
    if found is None:
        more = f" ({without})" if without else ""
        raise SettingsError(f"{name} is not postgresql://USER:PASSWORD@HOST:5432/DATABASE{more}")
    authority, path, query = _split(name, found[2])
    login, _, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    address, parameters = _parameters(name, query)
    text = _host_list(address, hosts)
    return DatabaseUrl(
        hosts=_hosts(name, text, address.get("port", "")),
        user=address.get("user") or _decoded(name, user) or None,
        password=address.get("password") or (_decoded(name, password) if colon else None),
        database=address.get("dbname") or _decoded(name, path) or None,
        parameters=parameters,
        settings=options_settings(name, parameters.get("options", "")),
    )


def address_of(name: str, hosts: str, port: int) -> tuple[Host, ...]:
    """The hosts of a setting that is no URL: names, addresses or socket folders, commas between.

    Raises `SettingsError`.
    """
    bare = [host.strip() for host in hosts.split(",")]
    v6 = [f"[{h}]" if h.count(":") > 1 and not h.startswith("[") else h for h in bare]
    try:
        return _hosts(name, [_encoded_folder(host) for host in v6], str(port))
    except SettingsError:
        message = f"{name} is not a host: write a name, an address or a folder of sockets"
        raise SettingsError(f"{message}; a URL goes into DATABASE_URL") from None


def _split(name: str, rest: str) -> tuple[str, str, str]:
    """Authority, path and query."""
    ends = re.search(r"[/?#]", rest)
    authority = rest[: ends.start()] if ends else rest
    path, _, query = rest[len(authority) :].partition("?")
    # An @ further on, or a fragment: the password holds what should have been encoded.
    if "@" in path + query or "#" in rest or path.count("/") > 1:
        raise _not_a_url(name)
    return authority, path.removeprefix("/"), query


def _parameters(name: str, query: str) -> tuple[dict[str, str], dict[str, str]]:
    """Those that say where and who, and the others."""
    address: dict[str, str] = {}
    others: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, equals, raw = pair.partition("=")
        if not equals or not _NAME.fullmatch(key):
            raise _not_a_url(name)
        value = _decoded(name, raw)
        if key == "host" and key in address:
            # Several of them, as SQLAlchemy writes it.
            address[key] += f",{value}"
        elif key in _ADDRESS:
            address[key] = value
        else:
            key, value = _honoured(name, key, value)
            others[key] = value
    return address, others


def _honoured(name: str, key: str, value: str) -> tuple[str, str]:
    if key == "ssl":
        # As JDBC and the driver say it.
        key, value = "sslmode", "require" if value.lower() in _TRUE else value
    if key in _REFUSED:
        raise SettingsError(f"{name} has the parameter {key!r}: {_REFUSED[key]}")
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            instead = f" ({_INSTEAD[key]})" if key in _INSTEAD else ""
            choices = " or ".join(_CHOICES[key])
            raise SettingsError(f"{name}: {key} is not understood: write {choices}{instead}")
    elif key in _NUMBERS:
        low, high = _NUMBERS[key]
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise SettingsError(f"{name}: {key} is not a whole number from {low} to {high}")
    elif key not in _TEXTS:
        known = ", ".join(sorted([*_ADDRESS, *_CHOICES, *_NUMBERS, *_TEXTS]))
        raise SettingsError(
            f"{name} has the parameter {key!r}, which Footfall does not know: leave it out. "
            f"It knows {known}"
        )
    if key == "sslrootcert" and value == "system":
        message = "write the file itself, such as /etc/ssl/certs/ca-certificates.crt"
        raise SettingsError(f"{name}: sslrootcert=system is not understood: {message}")
    return key, value


def _host_list(address: Mapping[str, str], authority: str) -> list[str]:
    """Not decoded yet; the query's count, as for libpq."""
    if "host" in address:
        return [_encoded_folder(host) for host in address["host"].split(",")]
    return authority.split(",") if authority else []


def _hosts(name: str, hosts: list[str], ports: str) -> tuple[Host, ...]:
    found = [_HOST.fullmatch(host) for host in hosts]
    given = ports.split(",") if ports else []
    if not all(given_port.isascii() and given_port.isdigit() for given_port in given):
        raise _not_a_url(name)
    if len(given) > 1 and len(given) != len(hosts):
        raise SettingsError(f"{name} names {len(hosts)} hosts and {len(given)} ports")
    pairs = []
    for number, match in enumerate(found):
        if match is None:
            raise _not_a_url(name)
        port = match[3] or (given[number if len(given) > 1 else 0] if given else None)
        pairs.append((_decoded(name, match[1] or match[2]), None if port is None else int(port)))
    if any(port is not None and not 0 < port < 65_536 for _, port in pairs):
        raise SettingsError(f"{name} names a port that is not from 1 to 65535")
    return tuple(pairs)


def _encoded_folder(host: str) -> str:
    # A folder of sockets in place of a host.
    return quote(host, safe="") if host.startswith("/") else host


def _authority(host: Host) -> str:
    text, port = host
    shown = f"[{quote(text, safe=':.')}]" if ":" in text else quote(text, safe="")
    return shown if port is None else f"{shown}:{port}"


def _decoded(name: str, text: str) -> str:
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _not_a_url(name) from None
    if "\0" in found:
        raise _not_a_url(name)
    return found


def _not_a_url(name: str) -> SettingsError:
    return SettingsError(
        f"{name} is not a URL like postgresql://USER:PASSWORD@HOST:5432/DATABASE: in the user and "
        "the password write each of : / ? # [ ] @ % as % and its code, such as %40 for @"
    )
