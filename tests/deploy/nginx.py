"""A real nginx with the front door's own configuration."""

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.acceptance.processes import until
from tests.deploy.compose import REPOSITORY
from tests.servers import free_port, listens_itself, nginx_binary

CONFIGURATION = REPOSITORY / "deploy/nginx"

# What the image's own nginx.conf says, in a folder of the test's.
_AROUND = """
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    access_log {folder}/access.log;
    sendfile on;
    keepalive_timeout 65;
    include {folder}/conf.d/*.conf;
}}
"""

_SERVER = re.compile(r"^( *server )(\S+):3000 resolve(.*;)$", re.MULTILINE)


def version() -> tuple[int, ...]:
    """Of that nginx."""
    nginx = nginx_binary()
    assert nginx is not None
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    numbers = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said)
    assert numbers is not None, said
    return tuple(int(number) for number in numbers.groups())


class FrontDoor:
    """nginx on a free port, in front of `roles`: the ports of each by its name."""

    def __init__(self, folder: Path, roles: Mapping[str, Sequence[int]]) -> None:
        self.folder = folder / "nginx"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: asyncio.subprocess.Process | None = None
        sites = self.folder / "conf.d"
        sites.mkdir(parents=True)
        (sites / "front_door.conf").write_text(self._front_door())
        (sites / "upstreams.conf").write_text(_upstreams(roles))
        # The workers of a root's nginx would be somebody who cannot enter this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(_AROUND.format(folder=self.folder, user=user))

    def _front_door(self) -> str:
        text = (CONFIGURATION / "front_door.conf").read_text()
        assert text.count("listen 3000;") == 1
        return text.replace("listen 3000;", f"listen 127.0.0.1:{self.port};")

    def command(self, *more: str) -> list[str]:
        """nginx with this configuration."""
        nginx = nginx_binary()
        assert nginx is not None
        error_log = str(self.folder / "error.log")
        configuration = str(self.folder / "nginx.conf")
        return [nginx, "-p", str(self.folder), "-e", error_log, "-c", configuration, *more]

    def log(self) -> str:
        return (self.folder / "error.log").read_text()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self.command("-g", "daemon off;"))

        async def listening() -> bool:
            assert self._process is not None
            assert self._process.returncode is None, self.log()
            return listens_itself(self._process.pid, self.port)

        await until(listening, "nginx listening")
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


def _upstreams(roles: Mapping[str, Sequence[int]]) -> str:
    """The real file with addresses of this machine in place of names that only Docker knows."""

    def servers(found: re.Match[str]) -> str:
        before, name, after = found.groups()
        return "\n".join(f"{before}127.0.0.1:{port}{after}" for port in roles[name])

    text, replaced = _SERVER.subn(servers, (CONFIGURATION / "upstreams.conf").read_text())
    assert replaced == len(roles)
    return text
