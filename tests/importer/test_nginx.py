"""Imports by way of nginx: only a real proxy closes while a large body is still being sent."""

from pathlib import Path

import pytest

from tests.importer.conftest import Service, run
from tests.importer.nginx import nginx
from tests.importer.test_import import summary

pytestmark = pytest.mark.nginx


@pytest.mark.parametrize("limit", ["", "client_max_body_size 100k;", "client_max_body_size 20k;"])
def test_pages_of_any_length_arrive(service: Service, tmp_path: Path, limit: str) -> None:
    pages = [f"{i:04}/" + "x" * 2_043 for i in range(1_500)]
    path = tmp_path / "history.csv"
    path.write_text("".join(f"2025-07-16 10:00,{page},2\n" for page in pages))
    through = f"location / {{ proxy_pass {service.url}; }}"
    with nginx(tmp_path, f"access_log off; {limit}", through) as port:
        result = run(path, "--to", f"http://127.0.0.1:{port}", "--format", "counts", "--json")
    assert result.exit_code == 0, result.stderr
    assert summary(result)["accepted"] == 3_000
    assert {page for body in service.bodies for page in body} == set(pages)
    assert sum(map(len, service.bodies)) == len(pages)
