"""Which log the settings name, and what depends on it; nothing connects."""

from pathlib import Path

from domain.settings import Settings
from log.opening import open_log

EMBEDDED = Settings(data_dir=Path("/data"))
BROKER = Settings(data_dir=Path("/data"), rabbitmq_url="amqp://broker")


async def test_the_embedded_log_is_named_by_its_place_and_cut_by_us() -> None:
    log = open_log(EMBEDDED)
    assert (log.name, log.place) == ("SQLite in /data", "/data/log.sqlite3")
    assert log.trimmer() is not None
    assert await log.bounds() is None


def test_the_broker_cuts_its_streams_by_itself() -> None:
    log = open_log(BROKER)
    assert (log.name, log.place) == ("RabbitMQ", "RabbitMQ")
    assert log.trimmer() is None
