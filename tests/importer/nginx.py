"""A real nginx, started for a test."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, listens_itself, nginx_binary, wait_for

_CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
    server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""


@contextmanager
def nginx(folder: Path, http: str, server: str) -> Iterator[int]:
    """One with these lines in its http and its only server block; its port.

    What it logs is whole once the block is left.
    """
    port, binary = free_port(), nginx_binary()
    assert binary is not None
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, user=user, http=http, server=server, port=port)
    )
    log = str(folder / "error.log")
    command = [binary, "-p", str(folder), "-e", log, "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(lambda: listens_itself(process.pid, port), "nginx listening")
            yield port
        finally:
            process.terminate()


def access_logs(folder: Path, names: Iterable[str]) -> str:
    """A log in each format, called after it."""
    return " ".join(f"access_log {folder}/{name}.log {name};" for name in names)
