"""Imports by way of nginx: only a real proxy closes while a large body is still being sent."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.importer.conftest import Service, run
from tests.importer.test_import import summary
from tests.servers import free_port, listens_itself, nginx_binary, wait_for

pytestmark = pytest.mark.nginx

_CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {limit}
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {service}; }} }}
}}
"""


@contextmanager
def nginx(folder: Path, service: str, limit: str) -> Iterator[str]:
    """As it comes, but for the `limit`; its address."""
    port, binary = free_port(), nginx_binary()
    assert binary is not None
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, user=user, limit=limit, port=port, service=service)
    )
    log = str(folder / "error.log")
    command = [binary, "-p", str(folder), "-e", log, "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(lambda: listens_itself(process.pid, port), "nginx listening")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.mark.parametrize("limit", ["", "client_max_body_size 100k;", "client_max_body_size 20k;"])
def test_pages_of_any_length_arrive(service: Service, tmp_path: Path, limit: str) -> None:
    pages = [f"{i:04}/" + "x" * 2_043 for i in range(1_500)]
    path = tmp_path / "history.csv"
    path.write_text("".join(f"2025-07-16 10:00,{page},2\n" for page in pages))
    with nginx(tmp_path, service.url, limit) as url:
        result = run(path, "--to", url, "--format", "counts", "--json")
    assert result.exit_code == 0, result.stderr
    assert summary(result)["accepted"] == 3_000
    assert {page for body in service.bodies for page in body} == set(pages)
    assert sum(map(len, service.bodies)) == len(pages)
