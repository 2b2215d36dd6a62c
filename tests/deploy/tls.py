"""TLS in front of Footfall, by the configurations that are given as examples, in real proxies."""

import re
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.deploy.compose import REPOSITORY
from tests.deploy.proxies import Proxy, caddy, nginx
from tests.servers import free_port

EXAMPLES = REPOSITORY / "deploy/tls"
NAME = "stats.example.com"

AROUND_NGINX = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/{errors} notice;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""

AROUND_CADDY = """
{{
    admin off
    auto_https off
    storage file_system {folder}/storage
    log {{
        output file {folder}/{errors}
    }}
}}
{site}
"""


class Front(Proxy):
    """A proxy with a certificate of its own; `plain` is its port without TLS."""

    def __init__(self, folder: Path, behind: int) -> None:
        super().__init__(folder)
        self.behind = behind
        self.plain = free_port()
        _certify(folder)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext:
        """For clients that know its certificate."""
        return ssl.create_default_context(cafile=self.folder / "chain.pem")


class Nginx(Front):
    def command(self) -> Sequence[str]:
        site = _replaced(
            (EXAMPLES / "nginx.conf").read_text(),
            (r"server 127\.0\.0\.1:3000 ", f"server 127.0.0.1:{self.behind} "),
            (r"listen 80;", f"listen 127.0.0.1:{self.plain};"),
            (r"listen 443 ssl http2;$", f"listen 127.0.0.1:{self.port} ssl http2;"),
            (r"ssl_certificate /\S+;", f"ssl_certificate {self.folder}/chain.pem;"),
            (r"ssl_certificate_key /\S+;", f"ssl_certificate_key {self.folder}/key.pem;"),
        )
        return nginx(self.folder, AROUND_NGINX, site=site)


class Caddy(Front):
    def command(self) -> Sequence[str]:
        site = _replaced(
            (EXAMPLES / "Caddyfile").read_text(),
            (r"reverse_proxy 127\.0\.0\.1:3000 ", f"reverse_proxy 127.0.0.1:{self.behind} "),
            (
                rf"^{re.escape(NAME)} {{",
                f"https://{NAME}:{self.port} {{\n"
                f"\ttls {self.folder}/chain.pem {self.folder}/key.pem\n",
            ),
        )
        return caddy(self.folder, AROUND_CADDY, site)


def _replaced(text: str, *changes: tuple[str, str]) -> str:
    for pattern, new in changes:
        text, times = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert times == 1, pattern
    return text


def _certify(folder: Path) -> None:
    folder.mkdir()
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
