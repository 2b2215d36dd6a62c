"""Settings from the environment, checked whole before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from domain.errors import SettingsError
from domain.page_rules import PageRules

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a role needs to know; URLs of None mean the embedded SQLite files."""

    data_dir: Path = Path("footfall-data")
    database_url: str | None = None
    read_database_url: str | None = None
    rabbitmq_url: str | None = None
    rabbitmq_management_url: str | None = None
    num_partitions: int = 10
    num_shards: int = 10
    flush_interval_ms: int = 1_000
    batch_size: int = 20_000
    linger_ms: int = 5
    request_timeout_ms: int = 10_000
    lease_ms: int = 10_000
    retention_days: int = 0
    retention_check_ms: int = 3_600_000
    page_rules: str = ""
    stream_prefix: str = "footfall.page-views"
    host: str = "127.0.0.1"
    port: int = 3_000
    workers: int = 1
    log_level: str = "INFO"

    @property
    def log_file(self) -> Path:
        """The embedded log."""
        return self.data_dir / "log.sqlite3"

    @property
    def rows_url(self) -> str:
        """The SQLAlchemy URL of the rows."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'rows.sqlite3'}"

    @property
    def reports_url(self) -> str:
        """The SQLAlchemy URL reports are read from: a replica of the rows, or the rows."""
        return self.read_database_url or self.rows_url


def from_env(env: Mapping[str, str]) -> Settings:
    """The settings in `env`. Raises `SettingsError` with a sentence for the first wrong value.

    An empty value counts as not set.
    """
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    return Settings(
        data_dir=Path(given.get("DATA_DIR", "footfall-data")),
        database_url=_database_url(given),
        read_database_url=_read_database_url(given),
        rabbitmq_url=_rabbitmq_url(given),
        rabbitmq_management_url=_management_url(given),
        num_partitions=_integer(given, "NUM_PARTITIONS", 10, 1, 1_024),
        num_shards=_integer(given, "NUM_SHARDS", 10, 1, 1_024),
        flush_interval_ms=_integer(given, "FLUSH_INTERVAL_MS", 1_000, 10, 60_000),
        batch_size=_integer(given, "BATCH_SIZE", 20_000, 1, 1_000_000),
        linger_ms=_integer(given, "LINGER_MS", 5, 0, 1_000),
        request_timeout_ms=_integer(given, "REQUEST_TIMEOUT_MS", 10_000, 100, 120_000),
        lease_ms=_integer(given, "LEASE_MS", 10_000, 300, 600_000),
        retention_days=_integer(given, "RETENTION_DAYS", 0, 0, 36_500),
        # For tests: nobody needs another one.
        retention_check_ms=_integer(given, "RETENTION_CHECK_MS", 3_600_000, 100, 86_400_000),
        page_rules=PageRules(given.get("PAGE_RULES", "")).text,
        stream_prefix=_prefix(given.get("STREAM_PREFIX", "footfall.page-views")),
        host=given.get("HOST", "127.0.0.1"),
        port=_integer(given, "PORT", 3_000, 0, 65_535),
        workers=_integer(given, "WORKERS", 1, 1, 256),
        log_level=_log_level(given.get("LOG_LEVEL", "INFO")),
    )


def _integer(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise SettingsError(f"{name} is {text!r}: write a whole number from {low} to {high}")
    return int(text)


def _log_level(text: str) -> str:
    level = {"WARN": "WARNING", "TRACE": "DEBUG", "FATAL": "ERROR"}.get(text.upper(), text.upper())
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text!r}: write one of {', '.join(LOG_LEVELS)}")
    return level


def _prefix(text: str) -> str:
    if len(text) > 200 or not all(c.isascii() and (c.isalnum() or c in "._-") for c in text):
        message = f"STREAM_PREFIX is {text!r}: write letters, digits, '.', '_' and '-'"
        raise SettingsError(message)
    return text


def _rabbitmq_url(given: Mapping[str, str]) -> str | None:
    if "RABBITMQ_URL" not in given:
        return None
    nodes = [node.strip() for node in given["RABBITMQ_URL"].split(",")]
    hosts = {_virtual_host(node) for node in nodes}
    if len(hosts) > 1:
        message = "RABBITMQ_URL names several virtual hosts: write the nodes of one cluster"
        raise SettingsError(message)
    return ",".join(nodes)


def _management_url(given: Mapping[str, str]) -> str | None:
    if "RABBITMQ_MANAGEMENT_URL" not in given:
        return None
    url = given["RABBITMQ_MANAGEMENT_URL"].rstrip("/")
    parts = _split("RABBITMQ_MANAGEMENT_URL", url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = "RABBITMQ_MANAGEMENT_URL is not http://HOST:15672 (or https://)"
        raise SettingsError(message)
    return url


def _virtual_host(node: str) -> str:
    parts = _split("RABBITMQ_URL", node)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        message = (
            "RABBITMQ_URL is not amqp://USER:PASSWORD@HOST:5672/VHOST (or amqps://), or several "
            "of them with commas between"
        )
        raise SettingsError(message)
    return parts.path.removeprefix("/")


def _database_url(given: Mapping[str, str]) -> str | None:
    if "DATABASE_URL" not in given:
        return _from_postgres_parts(given) if "POSTGRES_HOST" in given else None
    return _postgresql("DATABASE_URL", given, "leave it out for the embedded SQLite files")


def _read_database_url(given: Mapping[str, str]) -> str | None:
    if "READ_DATABASE_URL" not in given:
        return None
    if "DATABASE_URL" not in given and "POSTGRES_HOST" not in given:
        message = (
            "READ_DATABASE_URL is set, but no database it could be a replica of: "
            "set DATABASE_URL too"
        )
        raise SettingsError(message)
    return _postgresql("READ_DATABASE_URL", given, "leave it out to read from DATABASE_URL")


def _postgresql(name: str, given: Mapping[str, str], without: str) -> str:
    url = given[name]
    parts = _split(name, url)
    if parts.scheme in ("postgresql", "postgres", "postgresql+asyncpg"):
        return "postgresql+asyncpg" + _driver_query(name, url[len(parts.scheme) :])
    message = f"{name} is not postgresql://USER:PASSWORD@HOST:5432/DATABASE ({without})"
    raise SettingsError(message)


def _driver_query(name: str, rest: str) -> str:
    """The driver says `ssl` where the URLs of libpq say `sslmode`, and knows little else."""
    address, mark, query = rest.partition("?")
    found = []
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if key not in ("sslmode", "ssl"):
            raise SettingsError(f"{name} has the parameter {key!r}: only sslmode is understood")
        found.append(f"ssl={value}")
    return address + mark + "&".join(found)


def _from_postgres_parts(given: Mapping[str, str]) -> str:
    port = _integer(given, "POSTGRES_PORT", 5_432, 1, 65_535)
    user = quote(given.get("POSTGRES_USER", "postgres"), safe="")
    password = given.get("POSTGRES_PASSWORD")
    login = user if password is None else f"{user}:{quote(password, safe='')}"
    name = quote(given.get("POSTGRES_DB", given.get("POSTGRES_USER", "postgres")), safe="")
    return f"postgresql+asyncpg://{login}@{given['POSTGRES_HOST']}:{port}/{name}"


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"{name} is not a URL: {error}") from error
    return parts
