"""How a connection to PostgreSQL is opened and closed, through a pooler or not, within time limits.

PgBouncer and its like give each transaction whatever server connection is free. Settings of the
session and prepared statements do not hold there: settings go into each transaction, and statements
have no names.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import asyncpg

from domain.database_urls import DatabaseUrl, Host
from domain.errors import FootfallError, StoreUnavailable
from rows.reasons import CANNOT, reason
from rows.stuck import ended_if_stuck

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0
# A server that does not answer that is given up with the connection.
ROLLBACK_SECONDS = 10.0
# For statements that take as long as they take: what hangs for longer hangs for ever.
PATIENT_SECONDS = 6 * 3_600.0
COMMAND_SECONDS = 60.0

_OF_THE_DRIVER = (
    "sslmode",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
)
_FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl", "passfile")
# No other host would say otherwise.
_FINAL = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
_KNOWN = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    OverflowError,
    ValueError,
    FootfallError,
)
_UNFIT: Mapping[str | None, str] = {
    "read-write": ": it takes no writes, as a standby does not",
    "primary": ": it is a standby",
    "standby": ": it is no standby",
    "prefer-standby": ": it is no standby",
    "read-only": ": it takes writes",
}
_GONE = (
    "it accepts connections and closes them: is it PostgreSQL, and is there a server behind a "
    "proxy there?"
)
_SILENT_POOLER = (
    "it lets in, but gives no answer: where it is a pooler such as PgBouncer, all of its server "
    "connections are taken (docs/scaling.md)"
)


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A driver's connection that notices a lost server and never waits for ever to be rid of it."""

    place = ""
    """The host and the port that were connected to, as the URL has them."""
    settings_in_transactions: Mapping[str, str] = {}
    """What each transaction has to set; not empty through a pooler."""

    @property
    def socket(self) -> socket.socket | None:
        """None once it is closed."""
        found: socket.socket | None = self._transport.get_extra_info("socket")
        return found

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """As the driver's; taking back has a limit of its own."""
        if timeout is None and query.startswith("ROLLBACK"):
            timeout = ROLLBACK_SECONDS
        status: str = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = None) -> None:
        """Never fails: one that cannot say goodbye is dropped."""
        with suppress(Exception):
            await super().close(timeout=CLOSE_SECONDS if timeout is None else timeout)


class Connector:
    """Opens connections to one URL. Raises `StoreUnavailable`.

    `settings` are those of a session; what the URL says of them counts more.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        settings: Mapping[str, str],
        application_name: str,
        *,
        patient: bool = False,
    ) -> None:
        self._url = url
        self._parameters = url.parameters
        self._settings = {**settings, **url.settings}
        self._name = self._parameters.get(
            "application_name",
            self._parameters.get("fallback_application_name", application_name),
        )
        self._patient = patient
        # Once one is met, all that follow are taken for poolers: what is right there is right
        # everywhere, only slower.
        self._pooled = self._parameters.get("pgbouncer") == "true"
        self._seconds = float(self._parameters.get("connect_timeout", CONNECT_SECONDS))

    async def connect(self) -> Connection:
        """To the first of the hosts that will do."""
        failures: list[str] = []
        cause: BaseException | None = None
        hosts = self._hosts()
        for attributes in self._attributes():
            unfit = []
            for host in hosts:
                try:
                    connection = await self._connect(host, attributes)
                except StoreUnavailable as error:
                    cause = error.__cause__ or error
                    several = len(self._url.hosts) > 1
                    failures.append(f"{_shown(host)}: {error}" if several else str(error))
                    if isinstance(cause, _FINAL):
                        break
                    if isinstance(cause, asyncpg.TargetServerAttributeNotMatched):
                        unfit.append(host)
                else:
                    connection.place = _shown(host)
                    return connection
            # What did not answer is not waited for again.
            hosts = unfit
        message = f"the database: {'; '.join(failures)}"
        raise StoreUnavailable(message, told="the database cannot be reached") from cause

    def _hosts(self) -> Sequence[Host | None]:
        hosts: list[Host | None] = list(self._url.hosts) or [None]
        if self._parameters.get("load_balance_hosts") == "random":
            random.shuffle(hosts)
        return hosts

    def _attributes(self) -> Sequence[str | None]:
        wanted = self._parameters.get("target_session_attrs")
        # All of them are asked for the first before any for the second.
        return ("standby", "any") if wanted == "prefer-standby" else (wanted,)

    async def _connect(self, host: Host | None, attributes: str | None) -> Connection:
        self._require_files()
        let_in: list[Connection] = []
        try:
            with ended_if_stuck(self._seconds):
                async with asyncio.timeout(self._seconds):
                    connection = await self._open(host, attributes, let_in)
        except TimeoutError as error:
            silent = _SILENT_POOLER if let_in else f"no answer within {self._seconds:g} s"
            raise StoreUnavailable(silent) from error
        except StoreUnavailable:
            raise
        except Exception as error:
            # Whatever the driver makes of what is no PostgreSQL.
            raise StoreUnavailable(self._reason(error)) from error
        finally:
            for unfit in let_in:
                unfit.terminate()
        return connection

    def _reason(self, error: Exception) -> str:
        if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
            wanted = self._parameters.get("target_session_attrs")
            return f"it is not what target_session_attrs={wanted} asks for{_UNFIT.get(wanted, '')}"
        insists = self._parameters.get("sslmode", "prefer") not in ("disable", "allow", "prefer")
        closed = type(error) is ConnectionError and not insists
        if closed or isinstance(error, asyncpg.ConnectionDoesNotExistError):
            return f"{_GONE} ({error})"
        return reason(error)

    async def _open(
        self, host: Host | None, attributes: str | None, let_in: list[Connection]
    ) -> Connection:
        """`let_in` holds what must be closed again."""
        pooled = self._pooled
        try:
            connection = await self._ask(host, attributes, pooled)
        except asyncpg.ProtocolViolationError:
            # PgBouncer refuses settings at the start that it does not know.
            if pooled:
                raise
            pooled = True
            connection = await self._ask(host, attributes, pooled)
        let_in.append(connection)
        _require_utf8(connection)
        if pooled:
            # An answer now, where the limit is short, rather than in the first transaction.
            await connection.execute("SELECT")
        elif not await _is_direct(connection):
            pooled = True
            connection = await self._ask(host, attributes, pooled)
            let_in.append(connection)
        self._guard(connection)
        if pooled:
            self._pooled = True
            connection.settings_in_transactions = self._settings
        let_in.remove(connection)
        return connection

    async def _ask(self, host: Host | None, attributes: str | None, pooled: bool) -> Connection:
        url = self._url
        known = {"application_name": self._name}
        connection: Connection = await asyncpg.connect(
            self._tls(),
            host=host[0] if host else None,
            port=host[1] if host else None,
            user=url.user,
            password=url.password,
            database=url.database,
            passfile=self._parameters.get("passfile"),
            # The caller has the clock.
            timeout=None,
            command_timeout=PATIENT_SECONDS if self._patient else COMMAND_SECONDS,
            # Without names, statements are sent whole each time.
            statement_cache_size=0 if pooled else 100,
            server_settings=known if pooled else {**known, **self._settings},
            target_session_attrs=attributes,
            connection_class=Connection,
        )
        return connection

    def _tls(self) -> str:
        """What the driver only takes from a URL."""
        found = [
            f"{key}={quote(value, safe='')}"
            for key, value in self._parameters.items()
            if key in _OF_THE_DRIVER
        ]
        return "postgresql://" + f"?{'&'.join(found)}" * bool(found)

    def _require_files(self) -> None:
        for key in _FILES:
            if key not in self._parameters:
                continue
            path = self._parameters[key]
            if os.path.exists(path) and not os.path.isfile(path):
                # Another kind of file might never end.
                raise StoreUnavailable(f"{key} names {path}, which is no file")
            try:
                with open(path, "rb"):
                    pass
            except OSError as error:
                message = f"{key} names {path}, which cannot be read: {error.strerror}"
                raise StoreUnavailable(message) from error

    def _guard(self, connection: Connection) -> None:
        """A server that vanished is missed although nobody closed the connection."""
        found = connection.socket
        if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
            return
        on = int(self._parameters.get("keepalives", "1"))
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, on)
        # Seconds; what is not acknowledged for so many milliseconds ends it too. Patient ones
        # outlast a server whose disk is busy.
        for parameter, option, usual in (
            ("keepalives_idle", "TCP_KEEPIDLE", 10),
            ("keepalives_interval", "TCP_KEEPINTVL", 5),
            ("keepalives_count", "TCP_KEEPCNT", 4),
            ("tcp_user_timeout", "TCP_USER_TIMEOUT", 120_000 if self._patient else 30_000),
        ):
            # Not every system has each of them.
            if (number := getattr(socket, option, None)) is not None:
                value = int(self._parameters.get(parameter, usual))
                found.setsockopt(socket.IPPROTO_TCP, number, value)


def _require_utf8(connection: Connection) -> None:
    encoding = getattr(connection.get_settings(), "server_encoding", "UTF8")
    if encoding != "UTF8":
        message = (
            f"it is encoded in {encoding}, and pages need UTF8: create one with CREATE DATABASE "
            "footfall ENCODING 'UTF8' TEMPLATE template0, and name that"
        )
        raise StoreUnavailable(message)


async def _is_direct(connection: Connection) -> bool:
    """Does the process that was announced answer? A pooler announces one of its own making."""
    # One simple query, whose rows are counted in what it ends with: right through a pooler too.
    pid = connection.get_server_pid()
    status = await connection.execute(f"SELECT 1 WHERE pg_catalog.pg_backend_pid() = {pid}")
    return status == "SELECT 1"


def _shown(host: Host | None) -> str:
    if host is None:
        return "the usual place"
    return host[0] if host[1] is None else f"{host[0]}:{host[1]}"


@asynccontextmanager
async def driver_errors() -> AsyncIterator[None]:
    """What a call past SQLAlchemy to the driver raises when it meets what is no PostgreSQL.

    Its errors that say what they are, `database_errors` translates.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        # Not of a value of ours, but of what came.
        raise StoreUnavailable(f"the database: {reason(error)}", told=CANNOT) from error
    except _KNOWN:
        raise
    except Exception as error:
        raise StoreUnavailable(f"the database: {reason(error)}", told=CANNOT) from error
