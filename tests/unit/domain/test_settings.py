import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.output.settings import settings_help, shown
from domain.database_files import file_of, file_url
from domain.errors import SettingsError
from domain.setting_values import virtual_host
from domain.settings import SETTINGS, Settings, from_env

README = Path(__file__).parents[3] / "README.md"


def test_nothing_set_means_embedded() -> None:
    assert from_env({}) == Settings()
    assert from_env({"DATABASE_URL": "", "PORT": " "}) == Settings()


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({"DATABASE_URL": "postgresql://u:p@db/x"}, "postgresql+asyncpg://u:p@db/x"),
        ({"DATABASE_URL": "postgres://u:p@db/x"}, "postgresql+asyncpg://u:p@db/x"),
        ({"DATABASE_URL": "postgresql+asyncpg://db/x"}, "postgresql+asyncpg://db/x"),
        ({"POSTGRES_HOST": "db"}, "postgresql+asyncpg://postgres@db:5432/postgres"),
        (
            {"POSTGRES_HOST": "db", "POSTGRES_PORT": "6", "POSTGRES_USER": "u",
             "POSTGRES_PASSWORD": "p@/:", "POSTGRES_DB": "n"},
            "postgresql+asyncpg://u:p%40%2F%3A@db:6/n",
        ),
        ({"POSTGRES_USER": "u"}, None),
    ],
)  # fmt: skip
def test_the_database_is_named_by_url_or_by_parts(env: dict[str, str], url: str | None) -> None:
    assert from_env(env).database_url == url


def test_reports_are_read_from_the_rows_unless_a_replica_is_named() -> None:
    env = {"DATABASE_URL": "postgresql://db/x"}
    assert from_env(env).reports_url == from_env(env).rows_url
    replica = env | {"READ_DATABASE_URL": "postgres://u:p@replica/x"}
    assert from_env(replica).reports_url == "postgresql+asyncpg://u:p@replica/x"
    assert from_env(replica).rows_url == from_env(env).rows_url
    parts = {"POSTGRES_HOST": "db", "READ_DATABASE_URL": "postgresql://replica/x"}
    assert from_env(parts).reports_url == "postgresql+asyncpg://replica/x"


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("amqp://a", "amqp://a"),
        ("amqp://u:p@a, amqps://u:p@b:5671", "amqp://u:p@a,amqps://u:p@b:5671"),
        ("amqp://a/v,amqp://b/v", "amqp://a/v,amqp://b/v"),
        ("amqp://a,amqp://b/", "amqp://a,amqp://b/"),
        ("amqp://a,amqp://b/%2F,amqp://c//", "amqp://a,amqp://b/%2F,amqp://c//"),
        ("amqp://u:p%40%2C@[::1]:5/v?heartbeat=5", "amqp://u:p%40%2C@[::1]:5/v?heartbeat=5"),
        ("amqps://a?cafile=c&certfile=d&keyfile=e", "amqps://a?cafile=c&certfile=d&keyfile=e"),
    ],
)
def test_the_broker_is_one_node_or_several(url: str, nodes: str) -> None:
    assert from_env({"RABBITMQ_URL": url}).rabbitmq_url == nodes


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("NUM_PARTITIONS", "0", "whole number from 1"),
        ("NUM_PARTITIONS", "ten", "whole number"),
        ("NUM_SHARDS", "-1", "whole number"),
        ("PORT", "65536", "65535"),
        ("FLUSH_INTERVAL_MS", "1.5", "whole number"),
        ("BATCH_SIZE", "", None),
        ("LOG_LEVEL", "loud", "DEBUG"),
        ("PUBLIC_SITES", "example.com,https://a.example", "each in full"),
        ("PUBLIC_SITES", "*", "each in full"),
        ("PUBLIC_SITES", "*.example.com", "each in full"),
        ("BADGES", "example.com/page", "each in full"),
        ("BADGES", "*,example.com", "each in full"),
        ("RABBITMQ_URL", "http://x", "amqp://"),
        ("RABBITMQ_URL", "amqp://a,http://b", "amqp://"),
        ("RABBITMQ_URL", "amqp://a,", "amqp://"),
        ("RABBITMQ_URL", "amqp://a/v,amqp://b/w", "nodes of one cluster"),
        ("RABBITMQ_URL", "amqp://a:port", "not a URL"),
        ("RABBITMQ_URL", "amqp://[::1", "not a URL"),
        ("RABBITMQ_URL", "amqp://a?cacertfile=x", "cafile, capath"),
        ("RABBITMQ_URL", "amqp://a?cafile=x", "for amqps:// only"),
        ("RABBITMQ_URL", "amqps://a?keyfile=x", "name both"),
        ("RABBITMQ_URL", "amqps://a?no_verify_ssl=false", "whole number from 0 to 1"),
        ("RABBITMQ_URL", "amqp://a?heartbeat=0", "whole number from 1"),
        ("READ_DATABASE_URL", "postgresql://replica/x", "DATABASE_URL"),
        ("WORKERS", "0", "whole number from 1"),
        ("WORKERS", "257", "256"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("DATABASE_URL", "postgresql://h:port/x", "not a URL"),
        ("STREAM_PREFIX", "a b", "letters"),
        ("KEEP_USER_AGENTS", "all", "label, full"),
        ("KEEP_USER_AGENTS", "FULL", "label, full"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("TRUSTED_PROXIES", "proxy.example", "addresses or networks"),
        ("RATE_LIMIT", "-1", "whole number from 0"),
        ("KEY_RATE_LIMIT", "1/s", "whole number from 0"),
        ("CORS_ORIGINS", "*", "origins such as"),
        ("ACCESS_LOG", "maybe", "true or false"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(name: str, value: str, says: str | None) -> None:
    if says is None:
        assert from_env({name: value}) == Settings()
        return
    with pytest.raises(SettingsError, match=name) as caught:
        from_env({name: value})
    assert says in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    env = {
        "PORT": "99999",
        "DATABASE_URL": "mysql://x",
        "READ_DATABASE_URL": "postgresql://h:port/x",
        "RABBITMQ_URL": "amqp://a/v,amqp://b/w",
        "RABBITMQ_MANAGEMENT_URL": "ftp://x",
        "NUM_PARTITIONS": "9" * 5_000,
        "PAGE_RULES": "upper-host, lower-host, strip-all",
        "LOG_LEVEL": "loud",
        "STREAM_PREFIX": "a b",
        "DATA_DIR": "/srv/\udcff",
    }
    with pytest.raises(SettingsError) as caught:
        from_env(env | {"WORKERS": "2"})
    named = [sentence.split()[0] for sentence in caught.value.sentences]
    assert sorted(named) == sorted(env)
    assert str(caught.value).splitlines() == list(caught.value.sentences)
    assert "'strip-all', 'upper-host'" in str(caught.value)


def test_of_a_database_in_parts_too() -> None:
    env = {"POSTGRES_HOST": "db", "POSTGRES_PORT": "0", "PORT": "x", "READ_DATABASE_URL": "y"}
    with pytest.raises(SettingsError) as caught:
        from_env(env)
    named = [sentence.split()[0] for sentence in caught.value.sentences]
    assert named == ["POSTGRES_PORT", "READ_DATABASE_URL", "PORT"]


def test_bytes_that_are_no_text_are_refused_without_showing_a_password() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL is not UTF-8") as caught:
        from_env({"DATABASE_URL": "postgresql://u:secret\udcff@h/d"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["q?x", "h#x", "p%41x", "a b", "ü"])
def test_the_folder_of_the_files_may_have_any_name(name: str) -> None:
    settings = from_env({"DATA_DIR": f"/srv/{name}"})
    assert file_of(settings.rows_url) == settings.rows_file
    assert file_of(settings.log_url) == settings.log_file


@given(st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_a_url_of_a_file_names_it_whatever_it_is_called(name: str) -> None:
    assert file_of(file_url(Path(name))) == Path(name)


def test_a_url_of_a_server_names_no_file() -> None:
    assert file_of("postgresql+asyncpg://sqlite/x") is None


def test_a_replica_that_is_no_postgresql_is_refused() -> None:
    env = {"DATABASE_URL": "postgresql://db/x", "READ_DATABASE_URL": "mysql://replica/x"}
    with pytest.raises(SettingsError, match="READ_DATABASE_URL is not postgresql://"):
        from_env(env)


@pytest.mark.parametrize(("given", "level"), [("info", "INFO"), ("warn", "WARNING")])
def test_log_levels_are_read_as_the_old_service_wrote_them(given: str, level: str) -> None:
    assert from_env({"LOG_LEVEL": given}).log_level == level


def documented() -> Iterator[tuple[str, str]]:
    """Names and defaults in README's table; `_PORT` after `POSTGRES_HOST` is POSTGRES_PORT."""
    table = README.read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    for names, defaults in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", table, re.MULTILINE):
        found = re.findall(r"`([A-Z_]+)`", names)
        start = found[0].partition("_")[0]
        each = defaults.split(", ") if len(found) == defaults.count(", ") + 1 else []
        for index, name in enumerate(found):
            full = start + name if name.startswith("_") else name
            yield full, each[index] if each else defaults


def test_the_readme_lists_every_setting_with_its_default() -> None:
    told = {setting.name: setting for setting in SETTINGS if setting.help is not None}
    found = dict(documented())
    assert sorted(found) == sorted(told)
    for name, default in found.items():
        if told[name].default not in (None, ""):
            assert default == shown(told[name].default), name
        elif name != "RABBITMQ_MANAGEMENT_URL":
            assert default == "–", name


def test_every_field_is_a_variable() -> None:
    told = [setting.field for setting in SETTINGS if setting.field]
    assert sorted(told) == sorted(field.name for field in fields(Settings))


def test_a_number_is_taken_up_to_its_bounds() -> None:
    for setting in SETTINGS:
        if not setting.high:
            continue
        for value in (setting.low, setting.high):
            assert setting.field is not None
            assert getattr(from_env({setting.name: str(value)}), setting.field) == value
        with pytest.raises(SettingsError, match=f"from {setting.low} to {setting.high}$"):
            from_env({setting.name: str(setting.high + 1)})


def test_help_says_the_names_the_defaults_and_what_they_are() -> None:
    lines = settings_help().splitlines()
    for line in (
        "  DATA_DIR            where the embedded files are         ./footfall-data",
        "                      the nodes of a cluster with commas between",
        "  POSTGRES_HOST, _PORT, _USER, _PASSWORD, _DB: the same in parts",
        "  NUM_PARTITIONS      slices of the log                                    10",
        "  LEASE_MS            after which a silent projector loses its partitions 10000",
        "  RABBITMQ_MANAGEMENT_URL  where check asks how long the broker keeps streams",
        "  HOST, PORT          where to listen                      127.0.0.1, 3000",
    ):
        assert line in lines
    assert not any("_CHECK_MS" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("RABBITMQ_URL", "amqp://me:s3c#ret@host/x"),
        ("RABBITMQ_URL", "amqp://me:s3c/ret@host/x"),
        ("RABBITMQ_URL", "amqp://me:s3c?ret@host/x"),
        ("RABBITMQ_URL", "amqp://me:s3c,ret@host/x"),
        ("RABBITMQ_URL", "amqp://me:[s3cret@host/x"),
        ("RABBITMQ_MANAGEMENT_URL", "http://me:s3c#ret@host"),
        ("DATABASE_URL", "postgresql://me:s3c#ret@host/x"),
    ],
)
def test_a_password_that_is_not_encoded_is_in_no_message(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        from_env({name: url})
    assert "s3c" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("", "/"), ("/", "/"), ("//", "/"), ("/%2F", "/"), ("/%2f", "/"), ("/%252F", "/"),
        ("/a", "a"), ("/a%2Fb", "a/b"), ("/50%25", "50%"),
    ],
)  # fmt: skip
def test_the_virtual_host_is_what_the_path_says(path: str, host: str) -> None:
    assert virtual_host(f"amqp://u:p@h{path}?heartbeat=5") == host


def test_hosts_are_names_without_more() -> None:
    given = {"ALLOWED_HOSTS": "Stats.Example., shop-1.example,*"}
    assert from_env(given).allowed_hosts == "stats.example,shop-1.example,*"
    for wrong in ("http://a", "a:80", "a,,b", "a b", "*.a", "a/b", "müller.example"):
        with pytest.raises(SettingsError, match="ALLOWED_HOSTS has"):
            from_env({"ALLOWED_HOSTS": wrong})
