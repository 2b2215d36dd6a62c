"""Redis of a benchmark's own."""

import shutil
import socket
from collections.abc import Sequence

from tests.servers import PrivateServer


def redis_binary() -> str | None:
    """Of the Redis of this machine."""
    return shutil.which("redis-server")


class PrivateRedis(PrivateServer):
    """As it is without a configuration, but for where it keeps its files; `options` are added."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        super().__init__()
        self._options = options

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> tuple[list[str], dict[str, str]]:
        binary = redis_binary()
        assert binary is not None, "Redis is not installed"
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [binary, *where, *self._options], {}

    def ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as found:
                found.settimeout(2)
                found.sendall(b"PING\r\n")
                return found.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
