"""Three RabbitMQ nodes on one machine that hold the same streams."""

import json
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from tests.servers import PrivateRabbitMQ, free_port, wait_for

NODES = 3
_COOKIE = "FOOTFALLTESTS"
_STRANGE_COOKIE = "SOMEBODYELSE"


class Node(PrivateRabbitMQ):
    """One node; at its first start it joins the node named `seed`.

    `settings` are lines of its rabbitmq.conf. With `management` it answers over HTTP too.
    """

    def __init__(
        self,
        folder: Path,
        seed: str | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        management: bool = False,
    ) -> None:
        super().__init__(folder)
        self._seed = seed
        self._settings = dict(settings or {})
        if management:
            self.management_port = free_port()
            self._settings["management.tcp.port"] = str(self.management_port)
            self._settings["management.tcp.ip"] = "127.0.0.1"
            self.plugins = ["rabbitmq_management"]
        cookie = folder / ".erlang.cookie"
        cookie.write_text(_COOKIE)
        cookie.chmod(0o400)

    @property
    def name(self) -> str:
        return f"footfall{self.port}@localhost"

    @property
    def management_url(self) -> str:
        """Of its management API, where it has one."""
        return f"http://127.0.0.1:{self.management_port}"

    def configuration(self) -> str:
        lines = [f"{name} = {value}\n" for name, value in self._settings.items()]
        if self._seed is not None:
            lines.append("cluster_formation.peer_discovery_backend = classic_config\n")
            lines += [
                f"cluster_formation.classic_config.nodes.{number} = {name}\n"
                for number, name in enumerate([self._seed, self.name], 1)
            ]
        return super().configuration() + "".join(lines)

    def tool(self, name: str, *arguments: str) -> str:
        """What one of RabbitMQ's commands (`rabbitmqctl`, `rabbitmq-streams`, …) says of it."""
        command = [*self._tool(name), *arguments]
        environment = {**os.environ, "HOME": str(self.folder)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell_line(self, name: str) -> str:
        """How one of these commands begins in a shell."""
        return " ".join([f"HOME={self.folder}", *self._tool(name)])

    def _tool(self, name: str) -> list[str]:
        found = sorted(Path("/usr/lib/rabbitmq/lib").glob(f"*/sbin/{name}"))
        return [str(found[-1]) if found else name, "--node", self.name]

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` says of it."""
        return self.tool("rabbitmqctl", *arguments)


class PrivateCluster:
    """Its nodes share nothing but the streams; `nodes[0]` is the one the others joined.

    `settings` are lines of each rabbitmq.conf; `together` how many of the nodes start at first.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        management: bool = False,
        together: int = NODES,
    ) -> None:
        self._folder = TemporaryDirectory(prefix="footfall-cluster-", ignore_cleanup_errors=True)
        self._together = together
        root = Path(self._folder.name)
        root.chmod(0o755)
        for number in range(NODES):
            (root / str(number)).mkdir()
        seed = Node(root / "0", None, settings, management=management)
        joining = range(1, NODES)
        self.nodes = [
            seed,
            *(Node(root / str(n), seed.name, settings, management=management) for n in joining),
        ]

    @property
    def url(self) -> str:
        """Of all nodes, as RABBITMQ_URL takes it."""
        return ",".join(node.url for node in self.nodes)

    @property
    def alive(self) -> list[Node]:
        """The nodes that answer."""
        return [node for node in self.nodes if node.ready()]

    def leader(self, stream: str) -> Node:
        """The node that takes what is appended to `stream`."""
        name = self.stream(stream)["leader"]
        return next(node for node in self.nodes if node.name == name)

    def wait_until_replicated(self, *streams: str) -> None:
        """Return once each stream has a replica on every node, and would after SIGKILL."""

        def replicated() -> bool:
            # Asked once for all of them: each question starts a virtual machine of Erlang's.
            found = self._listed()
            # One that was declared just now may not be listed everywhere yet.
            known = [found[stream] for stream in streams if stream in found]
            return [len(each["online"]) for each in known] == [NODES] * len(streams)

        wait_for(replicated, f"replicas of {', '.join(streams)} on {NODES} nodes")
        for node in self.nodes:
            node.wait_until_streams_are_registered()

    def stream(self, stream: str) -> dict[str, Any]:
        """Its name, leader, members, and which of these are online, as a node that lives says."""
        return self._listed()[stream]

    def _listed(self) -> dict[str, dict[str, Any]]:
        said = self.alive[0].ctl(
            "--formatter", "json", "list_queues", "name", "leader", "members", "online"
        )
        return {queue["name"]: queue for queue in json.loads(said)}

    def cut_off(self, node: Node) -> None:
        """Part `node` from the others: they cannot speak, clients reach all of them."""
        # Another cookie first, or they would be connected again at once.
        self._each_other(node, f"erlang:set_cookie(N, '{_STRANGE_COOKIE}')")
        self._each_other(node, "erlang:disconnect_node(N)")

    def rejoin(self, node: Node) -> None:
        """Undo `cut_off`; what RabbitMQ makes of it is its `cluster_partition_handling`."""
        self._each_other(node, f"erlang:set_cookie(N, '{_COOKIE}')")

    def _each_other(self, node: Node, call: str) -> None:
        names = ",".join(f"'{each.name}'" for each in self.nodes if each is not node)
        node.ctl("eval", f"[{call} || N <- [{names}]].")

    def __enter__(self) -> Self:
        self.nodes[0].start()
        with ThreadPoolExecutor(NODES) as pool:
            list(pool.map(Node.start, self.nodes[1 : self._together]))
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
