"""Settings from the environment, checked whole before anything starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from domain.agents.viewers import LABEL
from domain.database_files import file_url
from domain.errors import SettingsError
from domain.page_rules import PageRules
from domain.setting_values import (
    Given,
    allowed_hosts,
    badges,
    database_url,
    kept_of_user_agents,
    log_level,
    management_url,
    origins,
    proxies,
    query_names,
    rabbitmq_url,
    read_database_url,
    sites_of_pages,
    stream_prefix,
    whole_number,
    yes_or_no,
)
from domain.sites import Sites


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a role needs to know; URLs of None mean the embedded SQLite files."""

    data_dir: Path = Path("footfall-data")
    # Not shown: passwords are in them.
    database_url: str | None = field(default=None, repr=False)
    read_database_url: str | None = field(default=None, repr=False)
    rabbitmq_url: str | None = field(default=None, repr=False)
    rabbitmq_management_url: str | None = field(default=None, repr=False)
    num_partitions: int = 10
    num_shards: int = 10
    flush_interval_ms: int = 1_000
    batch_size: int = 20_000
    linger_ms: int = 20
    request_timeout_ms: int = 10_000
    lease_ms: int = 10_000
    retention_days: int = 0
    retention_check_ms: int = 3_600_000
    roll_up_check_ms: int = 60_000
    page_rules: str = ""
    keep_user_agents: str = LABEL
    stream_prefix: str = "footfall.page-views"
    host: str = "127.0.0.1"
    allowed_hosts: str = ""
    port: int = 3_000
    projector_port: int = 0
    workers: int = 1
    log_level: str = "INFO"
    keys_file: Path | None = None
    # Not shown: they are secrets, several with commas between.
    ingest_key: str = field(default="", repr=False)
    read_key: str = field(default="", repr=False)
    admin_key: str = field(default="", repr=False)
    open_to_all: bool = False
    public_sites: str = ""
    badges: str = ""
    trusted_proxies: str = ""
    rate_limit: int = 200
    key_rate_limit: int = 0
    cors_origins: str = ""
    max_new_pages: int = 10_000
    sites: str = ""
    page_query: str = ""
    access_log: bool = False
    access_log_addresses: bool = False

    @property
    def log_file(self) -> Path:
        """The embedded log."""
        return self.data_dir / "log.sqlite3"

    @property
    def rows_file(self) -> Path:
        """The embedded rows."""
        return self.data_dir / "rows.sqlite3"

    @property
    def rows_url(self) -> str:
        """Where the rows are: a server's URL, or that of a file."""
        return self.database_url or file_url(self.rows_file)

    @property
    def log_url(self) -> str:
        """Where the embedded log is, as the URL of a file."""
        return file_url(self.log_file)

    @property
    def has_keys(self) -> bool:
        """Are there any, or a file for them? Then nobody comes in without one."""
        variables = self.ingest_key or self.read_key or self.admin_key
        return self.keys_file is not None or bool(variables)

    @property
    def reports_url(self) -> str:
        """Where reports are read from: a replica of the rows, or the rows."""
        return self.read_database_url or self.rows_url


_DEFAULTS = {each.name: each.default for each in fields(Settings)}


class Setting(NamedTuple):
    """A variable of the environment: its name, its field of `Settings`, what it may be.

    A number is of `low` to `high`, anything else goes through `read`. `help` is its line in
    `footfall --help`, empty where the line before speaks of it too, None where it is not told.
    """

    name: str
    field: str | None
    help: str | None
    low: int = 0
    high: int = 0
    read: Callable[[str], Any] = str
    # The column of --help that the default ends in.
    edge: int = 77

    @property
    def default(self) -> Any:
        """None where there is none."""
        return _DEFAULTS.get(self.field or "")

    def value(self, given: Given) -> Any:
        """What it is set to, or its default. Raises `SettingsError`."""
        if self.name not in given:
            return self.default
        text = given[self.name]
        if self.high:
            return whole_number(self.name, text, self.low, self.high)
        return self.read(text)


SETTINGS = (
    Setting("DATA_DIR", "data_dir", "where the embedded files are", read=Path, edge=74),
    Setting(
        "RABBITMQ_URL",
        "rabbitmq_url",
        "amqp://USER:PASSWORD@HOST/VHOST: the log is in RabbitMQ;\n"
        "the nodes of a cluster with commas between",
    ),
    Setting(
        "DATABASE_URL",
        "database_url",
        "postgresql://USER:PASSWORD@HOST/DB: the rows are in PostgreSQL",
    ),
    Setting("READ_DATABASE_URL", "read_database_url", "a replica of it that reports are read from"),
    Setting("POSTGRES_HOST", None, "the same in parts"),
    Setting("POSTGRES_PORT", None, ""),
    Setting("POSTGRES_USER", None, ""),
    Setting("POSTGRES_PASSWORD", None, ""),
    Setting("POSTGRES_DB", None, ""),
    Setting("NUM_PARTITIONS", "num_partitions", "slices of the log", 1, 1_024),
    Setting("NUM_SHARDS", "num_shards", "rows a page and hour is spread over", 1, 1_024),
    Setting(
        "FLUSH_INTERVAL_MS",
        "flush_interval_ms",
        "how long the projector gathers before it commits",
        10,
        60_000,
    ),
    Setting("BATCH_SIZE", "batch_size", "most events it gathers", 1, 1_000_000),
    Setting("LINGER_MS", "linger_ms", "the most a request waits for company", 0, 1_000),
    Setting(
        "REQUEST_TIMEOUT_MS",
        "request_timeout_ms",
        "after which a request is answered 503",
        100,
        120_000,
    ),
    Setting(
        "LEASE_MS",
        "lease_ms",
        "after which a silent projector loses its partitions",
        300,
        600_000,
    ),
    Setting(
        "PAGE_RULES",
        "page_rules",
        "how pages are named when they are counted, see replay",
        read=lambda text: PageRules(text).text,
    ),
    Setting(
        "KEEP_USER_AGENTS",
        "keep_user_agents",
        "what of user agents the log may hold: label, full or class",
        read=kept_of_user_agents,
    ),
    Setting("RETENTION_DAYS", "retention_days", "how long views are kept, 0 for ever", 0, 36_500),
    # For tests: nobody needs another one.
    Setting("RETENTION_CHECK_MS", "retention_check_ms", None, 100, 86_400_000),
    Setting("ROLL_UP_CHECK_MS", "roll_up_check_ms", None, 50, 86_400_000),
    Setting(
        "RABBITMQ_MANAGEMENT_URL",
        "rabbitmq_management_url",
        "where check asks how long the broker keeps streams",
    ),
    Setting("STREAM_PREFIX", "stream_prefix", "of the streams' names", read=stream_prefix, edge=75),
    Setting("HOST", "host", "where to listen", edge=74),
    Setting("PORT", "port", "", 0, 65_535),
    Setting(
        "ALLOWED_HOSTS",
        "allowed_hosts",
        "names that requests may be for, commas between;\n"
        "addresses and localhost always may, * is all",
        read=allowed_hosts,
    ),
    Setting(
        "PROJECTOR_PORT",
        "projector_port",
        "where a projector answers /ready, 0: nowhere",
        0,
        65_535,
    ),
    Setting("WORKERS", "workers", "processes that answer there", 1, 256),
    Setting("KEYS_FILE", "keys_file", "where the keys are, see footfall key", read=Path),
    Setting("INGEST_KEY", "ingest_key", "keys themselves, commas between"),
    Setting("READ_KEY", "read_key", ""),
    Setting("ADMIN_KEY", "admin_key", ""),
    Setting(
        "OPEN",
        "open_to_all",
        "true: anybody may do all without a key, on any address",
        read=lambda text: yes_or_no("OPEN", text),
    ),
    Setting(
        "PUBLIC_SITES",
        "public_sites",
        "whose numbers anybody reads without a key: example.com",
        read=lambda text: sites_of_pages("PUBLIC_SITES", text),
    ),
    Setting(
        "BADGES",
        "badges",
        "for whose pages anybody gets badges: example.com, * any",
        read=badges,
    ),
    Setting(
        "SITES",
        "sites",
        "whose views browsers may send: example.com,*.example.org",
        read=Sites.checked,
    ),
    Setting(
        "PAGE_QUERY",
        "page_query",
        "parameters of an address that stay in a page's name",
        read=query_names,
    ),
    Setting(
        "MAX_NEW_PAGES",
        "max_new_pages",
        "of a site in an hour from browsers, 0: any",
        0,
        1_000_000_000,
    ),
    Setting(
        "TRUSTED_PROXIES",
        "trusted_proxies",
        "whose word on a client's address is believed",
        read=proxies,
    ),
    Setting(
        "RATE_LIMIT",
        "rate_limit",
        "requests a second of a browser's address, 0: any",
        0,
        1_000_000,
    ),
    Setting(
        "KEY_RATE_LIMIT",
        "key_rate_limit",
        "requests a second of one key, 0: any",
        0,
        1_000_000,
    ),
    Setting(
        "CORS_ORIGINS",
        "cors_origins",
        "pages that may read with a key: https://example.com",
        read=origins,
    ),
    Setting(
        "ACCESS_LOG",
        "access_log",
        "true: a line for each request",
        read=lambda text: yes_or_no("ACCESS_LOG", text),
    ),
    Setting(
        "ACCESS_LOG_ADDRESSES",
        "access_log_addresses",
        "true: with the client's address in it",
        read=lambda text: yes_or_no("ACCESS_LOG_ADDRESSES", text),
    ),
    Setting("LOG_LEVEL", "log_level", "DEBUG, INFO, WARNING or ERROR", read=log_level),
)
"""Every variable, in the order of `footfall --help`."""

# These look at more than their own value.
_URLS: Mapping[str, Callable[[Given], str | None]] = {
    "database_url": database_url,
    "read_database_url": read_database_url,
    "rabbitmq_url": rabbitmq_url,
    "rabbitmq_management_url": management_url,
}


def from_env(env: Mapping[str, str]) -> Settings:
    """The settings in `env`. Raises `SettingsError` with a sentence for each wrong value.

    An empty value counts as not set.
    """
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    by_field = {setting.field: setting for setting in SETTINGS}
    values: dict[str, Any] = {}
    unreadable = [s.name for s in SETTINGS if not _is_utf_8(given.get(s.name, ""))]
    wrong = [f"{name} is not UTF-8: write it anew" for name in unreadable]
    given = {name: value for name, value in given.items() if name not in unreadable}
    for name in _DEFAULTS:
        read: Callable[[Given], Any] = _URLS.get(name, by_field[name].value)
        try:
            values[name] = read(given)
        except SettingsError as error:
            wrong += error.sentences
    if wrong:
        raise SettingsError(*wrong)
    return Settings(**values)


def _is_utf_8(text: str) -> bool:
    # Other bytes come out of the environment as halves of surrogate pairs.
    return not any("\ud800" <= c <= "\udfff" for c in text)
