"""Three RabbitMQ nodes on one machine that hold the same streams."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from tests.servers import PrivateRabbitMQ, wait_for

NODES = 3
_COOKIE = "FOOTFALLTESTS"


class Node(PrivateRabbitMQ):
    """One node; at its first start it joins the node named `seed`."""

    def __init__(self, folder: Path, seed: str | None = None) -> None:
        super().__init__(folder)
        self._seed = seed
        cookie = folder / ".erlang.cookie"
        cookie.write_text(_COOKIE)
        cookie.chmod(0o400)

    @property
    def name(self) -> str:
        return f"footfall{self.port}@localhost"

    def configuration(self) -> str:
        if self._seed is None:
            return super().configuration()
        names = "".join(
            f"cluster_formation.classic_config.nodes.{number} = {name}\n"
            for number, name in enumerate([self._seed, self.name], 1)
        )
        discovery = "cluster_formation.peer_discovery_backend = classic_config\n"
        return super().configuration() + discovery + names


class PrivateCluster:
    """Its nodes share nothing but the streams; `nodes[0]` is the one the others joined."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="footfall-cluster-", ignore_cleanup_errors=True)
        root = Path(self._folder.name)
        root.chmod(0o755)
        for number in range(NODES):
            (root / str(number)).mkdir()
        seed = Node(root / "0")
        self.nodes = [seed, *(Node(root / str(n), seed.name) for n in range(1, NODES))]

    @property
    def url(self) -> str:
        """Of all nodes, as RABBITMQ_URL takes it."""
        return ",".join(node.url for node in self.nodes)

    def leader(self, stream: str) -> Node:
        """The node that takes what is appended to `stream`."""
        name = self._stream(stream)["leader"]
        return next(node for node in self.nodes if node.name == name)

    def wait_until_replicated(self, *streams: str) -> None:
        """Return once each stream has a replica on every node, and would after SIGKILL."""

        def replicated() -> bool:
            return all(len(self._stream(stream)["online"]) == NODES for stream in streams)

        wait_for(replicated, f"replicas of {', '.join(streams)} on {NODES} nodes")
        for node in self.nodes:
            node.wait_until_streams_are_registered()

    def _stream(self, stream: str) -> dict[str, Any]:
        alive = next(node for node in self.nodes if node.ready())
        binaries = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin/rabbitmqctl"))
        # fmt: off
        command = [
            str(binaries[-1]) if binaries else "rabbitmqctl", "--node", alive.name,
            "--formatter", "json", "list_queues", "name", "leader", "online",
        ]
        # fmt: on
        environment = {**os.environ, "HOME": str(alive.folder)}
        done = subprocess.run(command, env=environment, check=True, capture_output=True)
        found = {queue["name"]: queue for queue in json.loads(done.stdout)}
        queue: dict[str, Any] = found[stream]
        return queue

    def __enter__(self) -> Self:
        self.nodes[0].start()
        with ThreadPoolExecutor(NODES) as pool:
            list(pool.map(Node.start, self.nodes[1:]))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ThreadPoolExecutor(NODES) as pool:
            list(pool.map(Node.kill, self.nodes))
        self._folder.cleanup()
