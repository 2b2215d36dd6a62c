import pytest

from domain.errors import SettingsError
from domain.settings import Settings, from_env


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
        ("RABBITMQ_URL", "http://x", "amqp://"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("DATABASE_URL", "postgresql://h:port/x", "not a URL"),
        ("STREAM_PREFIX", "a b", "letters"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(name: str, value: str, says: str | None) -> None:
    if says is None:
        assert from_env({name: value}) == Settings()
        return
    with pytest.raises(SettingsError, match=name) as caught:
        from_env({name: value})
    assert says in str(caught.value)


@pytest.mark.parametrize(("given", "level"), [("info", "INFO"), ("warn", "WARNING")])
def test_log_levels_are_read_as_the_old_service_wrote_them(given: str, level: str) -> None:
    assert from_env({"LOG_LEVEL": given}).log_level == level
