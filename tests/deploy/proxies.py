"""Real proxies in front of Footfall, as processes of a test's own."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.acceptance.processes import until
from tests.servers import caddy_binary, free_port, listens_itself, nginx_binary

ERRORS = "error.log"
OUTPUT = "output.log"


class Proxy(ABC):
    """A proxy on a free `port`, its files in `folder`; the one of `errors` has what is wrong."""

    errors = ERRORS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What starts it in the foreground."""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        return (self.folder / self.errors).read_text()

    async def __aenter__(self) -> Self:
        environment = {**os.environ, "HOME": str(self.folder)}
        with (self.folder / OUTPUT).open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(), env=environment, stdout=output
            )

        async def listening() -> bool:
            assert self._process is not None
            assert self._process.returncode is None, self.log()
            return listens_itself(self._process.pid, self.port)

        await until(listening, "the proxy listening")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            async with asyncio.timeout(30):
                await self._process.wait()


def nginx(folder: Path, around: str, **more: str) -> list[str]:
    """The command of an nginx in the foreground that is configured by `around`, where the folder
    and `more` go to their places in it.
    """
    binary = nginx_binary()
    assert binary is not None
    # The workers of a root's nginx would be somebody who cannot enter this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(around.format(folder=folder, user=user, errors=ERRORS, **more))
    return [
        binary, "-p", str(folder), "-e", str(folder / ERRORS), "-c", str(configuration),
        "-g", "daemon off;",
    ]  # fmt: skip


def caddy(folder: Path, around: str, site: str) -> list[str]:
    """The same of a Caddy."""
    binary = caddy_binary()
    assert binary is not None
    configuration = folder / "Caddyfile"
    configuration.write_text(around.format(folder=folder, errors=ERRORS, site=site))
    return [binary, "run", "--config", str(configuration), "--adapter", "caddyfile"]
