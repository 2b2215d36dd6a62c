"""The log the settings name."""

from domain.ports.log import LogReader, LogWriter
from domain.settings import Settings
from log.rabbitmq.broker import nodes_of
from log.rabbitmq.nodes import NodesLogReader
from log.rabbitmq.reader import RabbitLogReader
from log.rabbitmq.writer import RabbitLogWriter
from log.sqlite.reader import SqliteLogReader
from log.sqlite.writer import SqliteLogWriter


def open_writer(settings: Settings) -> LogWriter:
    """The append side of the log the settings name."""
    if settings.rabbitmq_url is None:
        return SqliteLogWriter(settings.log_file, settings.num_partitions)
    return RabbitLogWriter(
        settings.rabbitmq_url,
        settings.stream_prefix,
        settings.num_partitions,
        confirm_timeout_seconds=_confirm_timeout_seconds(settings),
    )


def _confirm_timeout_seconds(settings: Settings) -> float:
    # A third of a request's patience: where a confirm is lost with the node that led the stream,
    # which RabbitMQ 3.10 does more often than not, the batch is sent again in time.
    patience = settings.request_timeout_ms / 1_000
    return max(patience / 3, min(patience, 1.0))


def open_reader(settings: Settings) -> LogReader:
    """The read side of the log the settings name."""
    if settings.rabbitmq_url is None:
        return SqliteLogReader(settings.log_file)
    nodes = nodes_of(settings.rabbitmq_url)
    readers = [RabbitLogReader(node, settings.stream_prefix) for node in nodes]
    return readers[0] if len(readers) == 1 else NodesLogReader(readers)
