"""A real nginx with the front door's own configuration."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.deploy.compose import REPOSITORY
from tests.deploy.proxies import Proxy, nginx
from tests.servers import nginx_binary

CONFIGURATION = REPOSITORY / "deploy/nginx"

# What the image's own nginx.conf says, in a folder of the test's.
_AROUND = """
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/{errors} notice;
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
    binary = nginx_binary()
    assert binary is not None
    said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True).stderr
    numbers = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said)
    assert numbers is not None, said
    return tuple(int(number) for number in numbers.groups())


class FrontDoor(Proxy):
    """nginx on a free port, in front of `roles`: the ports of each by its name."""

    away = (502, "unknown")
    refuses_bodies = True
    asks = False

    def __init__(self, folder: Path, roles: Mapping[str, Sequence[int]]) -> None:
        super().__init__(folder / "nginx")
        self.url = f"http://127.0.0.1:{self.port}"
        sites = self.folder / "conf.d"
        sites.mkdir(parents=True)
        (sites / "front_door.conf").write_text(self._front_door())
        (sites / "upstreams.conf").write_text(_upstreams(roles))

    def _front_door(self) -> str:
        text = (CONFIGURATION / "front_door.conf").read_text()
        assert text.count("listen 3000;") == 1
        return text.replace("listen 3000;", f"listen 127.0.0.1:{self.port};")

    def command(self) -> Sequence[str]:
        return nginx(self.folder, _AROUND)


def _upstreams(roles: Mapping[str, Sequence[int]]) -> str:
    """The real file with addresses of this machine in place of names that only Docker knows."""

    def servers(found: re.Match[str]) -> str:
        before, name, after = found.groups()
        return "\n".join(f"{before}127.0.0.1:{port}{after}" for port in roles[name])

    text, replaced = _SERVER.subn(servers, (CONFIGURATION / "upstreams.conf").read_text())
    assert replaced == len(roles)
    return text
