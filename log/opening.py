"""The log the settings name, and all that depends on which one that is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.partitioning import stream_name
from domain.ports.log import LogReader, LogTrimmer, LogWriter
from domain.processes import Process
from domain.retention import stream_max_age
from domain.settings import Settings
from log.sqlite.partitions import declare_partitions, require_partitions
from log.sqlite.reader import SqliteLogReader
from log.sqlite.trimmer import SqliteLogTrimmer
from log.sqlite.writer import SqliteLogWriter

if TYPE_CHECKING:
    from log.rabbitmq.bounds import StreamBound
    from log.rabbitmq.members import Replication

_NO_NODES = "the embedded log is a file on this machine: replicas are for RabbitMQ"

# Brings the tables at a database's URL to their newest version; what it did, for people.
Upgrade = Callable[[str], Awaitable[str]]


class StreamBounds(NamedTuple):
    """How long the broker keeps each stream of a virtual host."""

    virtual_host: str
    streams: "Sequence[StreamBound]"


class Log(Protocol):
    """A log: what one process opens of it, closes it. Nothing connects before it is used."""

    @property
    def name(self) -> str:
        """What it is and where, for people."""

    @property
    def place(self) -> str:
        """The same in the fewest words."""

    @property
    def tried(self) -> str:
        """What the writer's `try_all` has done when it returns, for people."""

    def writer(self) -> LogWriter:
        """The append side."""

    def reader(self, role: str = "projector") -> LogReader:
        """The read side, for a role of that name."""

    @property
    def pause_seconds(self) -> float:
        """What to let pass before each question where a partition ends, asked all the time."""

    def trimmer(self) -> LogTrimmer | None:
        """What cuts its beginning; None where it does that by itself."""

    async def declare(self, upgrade: Upgrade, replicas: int | None = None) -> str:
        """Create the partitions that are missing; what there is now, for people.

        On `replicas` of its nodes each, where it has nodes; on all of them unless said. Raises
        `LogUnavailable`, and what `upgrade` raises where the log has tables.
        """

    async def require_declared(self) -> None:
        """Raises `NotDeclared` where partitions are missing, `LogUnavailable` where it is away."""

    async def bounds(self) -> StreamBounds | None:
        """How long it is kept, as the broker says; None where only `trimmer` cuts it.

        Raises `LogUnavailable`.
        """

    async def replication(self, partitions: Sequence[Partition]) -> "Replication | None":
        """Which nodes hold and lead these, as they say; None where it has no nodes."""

    async def initial_size(self, replicas: int) -> int | None:
        """What `declare` is to be told for as many; None where they are on all nodes.

        Raises `LogUnavailable` where there are not as many nodes.
        """

    async def replicate(
        self,
        partitions: Sequence[Partition],
        replicas: int,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> bool:
        """Give each as many, by RabbitMQ's own commands in `environment`; False: they had them.

        Raises `LogUnavailable`, `NoTools` where the commands are not here or reach no node.
        """

    async def connected(self) -> Sequence[Process]:
        """The processes that it knows to be connected; none where it does not tell."""


def open_log(settings: Settings) -> Log:
    """The log the settings name."""
    if settings.rabbitmq_url is None:
        return EmbeddedLog(settings)
    return BrokerLog(settings, settings.rabbitmq_url)


def open_writer(settings: Settings) -> LogWriter:
    """The append side of the log the settings name."""
    return open_log(settings).writer()


def open_reader(settings: Settings) -> LogReader:
    """The read side of the log the settings name."""
    return open_log(settings).reader()


class EmbeddedLog(Log):
    """A SQLite file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.log_file

    @property
    def name(self) -> str:
        return f"SQLite in {self._settings.data_dir}"

    @property
    def place(self) -> str:
        return str(self._file)

    @property
    def tried(self) -> str:
        return ""

    def writer(self) -> LogWriter:
        return SqliteLogWriter(self._file, self._settings.num_partitions)

    def reader(self, role: str = "projector") -> LogReader:
        return SqliteLogReader(self._file)

    @property
    def pause_seconds(self) -> float:
        return 0.0

    def trimmer(self) -> LogTrimmer | None:
        return SqliteLogTrimmer(self._file)

    async def declare(self, upgrade: Upgrade, replicas: int | None = None) -> str:
        done = await upgrade(self._settings.log_url)
        await declare_partitions(self._file, self._settings.num_partitions)
        return done

    async def require_declared(self) -> None:
        await require_partitions(self._file, self._settings.num_partitions)

    async def bounds(self) -> StreamBounds | None:
        return None

    async def replication(self, partitions: Sequence[Partition]) -> "Replication | None":
        return None

    async def initial_size(self, replicas: int) -> int | None:
        raise LogUnavailable(_NO_NODES)

    async def replicate(
        self,
        partitions: Sequence[Partition],
        replicas: int,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> bool:
        raise LogUnavailable(_NO_NODES)

    async def connected(self) -> Sequence[Process]:
        return []


class BrokerLog(Log):
    """RabbitMQ streams, on the nodes that `url` names.

    The broker's library is loaded by whoever has a broker.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._prefix = settings.stream_prefix
        self._max_age = stream_max_age(settings.retention_days)

    @property
    def name(self) -> str:
        return "RabbitMQ"

    @property
    def place(self) -> str:
        return "RabbitMQ"

    @property
    def tried(self) -> str:
        number = self._settings.num_partitions
        streams = "its one stream" if number == 1 else f"each of its {number} streams"
        return f": {streams} confirmed a message that counts for nothing"

    def writer(self) -> LogWriter:
        from log.rabbitmq.writer import RabbitLogWriter

        return RabbitLogWriter(
            self._url,
            self._prefix,
            self._settings.num_partitions,
            confirm_timeout_seconds=_confirm_timeout_seconds(self._settings),
            patience_seconds=self._settings.request_timeout_ms / 1_000,
        )

    def reader(self, role: str = "projector") -> LogReader:
        from log.rabbitmq.broker import RPC_SECONDS, nodes_of
        from log.rabbitmq.nodes import NodesLogReader
        from log.rabbitmq.reader import RabbitLogReader

        nodes = nodes_of(self._url)
        # All of them together are waited for no longer than one would be.
        patience = RPC_SECONDS / len(nodes)
        readers = [RabbitLogReader(node, self._prefix, patience, role) for node in nodes]
        return readers[0] if len(readers) == 1 else NodesLogReader(readers)

    @property
    def pause_seconds(self) -> float:
        # Each question opens consumers; and so long a node may be behind the one that confirmed.
        return 0.25

    def trimmer(self) -> LogTrimmer | None:
        return None

    async def declare(self, upgrade: Upgrade, replicas: int | None = None) -> str:
        from log.rabbitmq.streams import declare_streams

        partitions = self._settings.num_partitions
        await declare_streams(self._url, self._prefix, partitions, self._max_age, replicas)
        return f"streams {self._prefix}.*"

    async def require_declared(self) -> None:
        from log.rabbitmq.present import require_streams

        await require_streams(self._url, self._prefix, self._settings.num_partitions)

    async def bounds(self) -> StreamBounds | None:
        # Only `check` asks: its HTTP client brings eighty modules that no role needs.
        from log.rabbitmq.bounds import read_bounds, virtual_host

        streams = [
            stream_name(self._prefix, Partition(p)) for p in range(self._settings.num_partitions)
        ]
        management_url = self._settings.rabbitmq_management_url
        found = await read_bounds(self._url, management_url, streams, self._max_age)
        return StreamBounds(virtual_host(self._url), found)

    async def replication(self, partitions: Sequence[Partition]) -> "Replication":
        # As for `bounds`.
        from log.rabbitmq.members import read_replication

        streams = [stream_name(self._prefix, partition) for partition in partitions]
        management_url = self._settings.rabbitmq_management_url
        return await read_replication(self._url, management_url, streams)

    async def initial_size(self, replicas: int) -> int | None:
        from log.rabbitmq.replicas import initial_size

        return initial_size(await self.replication([]), replicas)

    async def replicate(
        self,
        partitions: Sequence[Partition],
        replicas: int,
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> bool:
        from log.rabbitmq.bounds import virtual_host
        from log.rabbitmq.replicas import replicate

        found = await self.replication(partitions)
        return await replicate(
            found,
            replicas,
            virtual_host(self._url),
            environment,
            say,
            partial(self.replication, partitions),
        )

    async def connected(self) -> Sequence[Process]:
        from log.rabbitmq.connections import read_connections

        management_url = self._settings.rabbitmq_management_url
        return await read_connections(self._url, management_url) if management_url else []


def _confirm_timeout_seconds(settings: Settings) -> float:
    # A third of a request's patience: where a confirm is lost with the node that led the stream,
    # which RabbitMQ 3.10 does more often than not, the batch is sent again in time.
    patience = settings.request_timeout_ms / 1_000
    return max(patience / 3, min(patience, 1.0))
