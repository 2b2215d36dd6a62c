"""The tracker under a path of a website's own, as docs/tracker.md says, in real proxies."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ingest.tracker.making import own
from tests.acceptance.processes import Role
from tests.conftest import embedded
from tests.deploy.compose import REPOSITORY
from tests.deploy.proxies import caddy, nginx
from tests.deploy.tls import AROUND_CADDY, AROUND_NGINX, Front

pytestmark = pytest.mark.acceptance

SHOP = "shop.example"
OF_PAGE = {"Host": SHOP, "Origin": f"https://{SHOP}", "Sec-Fetch-Site": "same-origin"}
VIEW = f'{{"url":"https://{SHOP}/start","referrer":""}}'


def _documented(begins: str, behind: int) -> str:
    text = (REPOSITORY / "docs/tracker.md").read_text()
    found = re.search(rf"^    {re.escape(begins)} {{\n.*?^    }}\n", text, re.MULTILINE | re.DOTALL)
    assert found is not None, begins
    assert found[0].count("127.0.0.1:3000") == 1
    return found[0].replace("127.0.0.1:3000", f"127.0.0.1:{behind}")


class Nginx(Front):
    def command(self) -> Sequence[str]:
        location = _documented("location /seen/", self.behind)
        site = f"server {{\nlisten 127.0.0.1:{self.port};\n{location}}}"
        return nginx(self.folder, AROUND_NGINX, site=site)


class Caddy(Front):
    def command(self) -> Sequence[str]:
        site = f"http://:{self.port} {{\n{_documented('handle_path /seen/*', self.behind)}}}"
        return caddy(self.folder, AROUND_CADDY, site)


@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param(Nginx, marks=pytest.mark.nginx, id="nginx"),
        pytest.param(Caddy, marks=pytest.mark.caddy, id="Caddy"),
    ],
)
async def test_script_and_views_go_by_one_location(proxy: type[Front], tmp_path: Path) -> None:
    settings = replace(embedded(tmp_path), allowed_hosts=SHOP)
    async with Role(settings, "up") as role, proxy(tmp_path / "front", role.port) as front:
        await role.serving()
        url = f"http://127.0.0.1:{front.port}/seen"
        async with httpx.AsyncClient(headers=OF_PAGE) as client:
            script = await client.get(f"{url}/tracker.js")
            assert (script.status_code, script.content) == (200, own()), front.log()
            sent = await client.post(f"{url}/page-views/browser", content=VIEW)
            assert (sent.status_code, sent.json()) == (202, {"accepted": 1}), front.log()
