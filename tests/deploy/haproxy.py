"""A real HAProxy with the configuration that is given for many machines."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.deploy.compose import REPOSITORY
from tests.deploy.proxies import OUTPUT, Proxy
from tests.servers import haproxy_binary

CONFIGURATION = REPOSITORY / "deploy/haproxy/haproxy.cfg"

_BACKEND = re.compile(r"^backend (ingest|read-api)(?:-not-ready)?\n(?: .*\n|\n)*", re.MULTILINE)
_SERVERS = re.compile(r"(?:    server \S+ 10\.0\.0\.\d+:3000\n)+")


class BalancedDoor(Proxy):
    """HAProxy on a free port, in front of `roles`: the ports of each by its name.

    `changes` are lines that stand in it once, and what stands there instead.
    """

    # What no connection could be made for was sent to nobody.
    away = (503, "none")
    refuses_bodies = False
    # How roles are, now and then, without anybody's request.
    asks = True
    errors = OUTPUT

    def __init__(
        self,
        folder: Path,
        roles: Mapping[str, Sequence[int]],
        changes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder / "haproxy")
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder.mkdir()
        text = _addressed(CONFIGURATION.read_text(), roles)
        here = {"bind :3000\n": f"bind 127.0.0.1:{self.port}\n", **(changes or {})}
        for old, new in here.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.configuration = self.folder / "haproxy.cfg"
        self.configuration.write_text(text)

    def command(self) -> Sequence[str]:
        binary = haproxy_binary()
        assert binary is not None
        return [binary, "-db", "-f", str(self.configuration)]

    def taken_out(self, backend: str, number: int = 1) -> bool:
        """Is it said last of the backend's server of that number that it is sent nothing?"""
        return self._said(backend, number)[-1:] == ["DOWN"]

    def taken_back(self, backend: str, number: int = 1) -> bool:
        """Was it taken out, and is sent requests again?"""
        return self._said(backend, number)[-1:] == ["UP"]

    def _said(self, backend: str, number: int) -> list[str]:
        server = f"{backend}/{backend.removesuffix('-not-ready')}-{number}"
        return re.findall(rf"Server {re.escape(server)} is (UP|DOWN)", self.log())


def _addressed(text: str, roles: Mapping[str, Sequence[int]]) -> str:
    """With servers on this machine in each backend of a role."""

    def with_servers(found: re.Match[str]) -> str:
        role = found[1]
        lines = [
            f"    server {role}-{number} 127.0.0.1:{port}\n"
            for number, port in enumerate(roles[role], 1)
        ]
        backend, replaced = _SERVERS.subn("".join(lines), found[0])
        assert replaced == 1
        return backend

    made, backends = _BACKEND.subn(with_servers, text)
    assert backends == text.count("\nbackend ")
    return made
