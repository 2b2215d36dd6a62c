"""Views of real clients in a real browser, through the doors of `footfall up`, read back again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from domain.settings import Settings
from tests.acceptance.processes import Role, until
from tests.browser.clients import installed
from tests.browser.visitor import Visitor, tag
from tests.browser.website import SERVICE, Websites
from tests.servers import node_binary

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

# A page of an app: a view, another path, and something that is no view.
_PLAUSIBLE_TRACKER = """
    import Plausible from '/modules/plausible-tracker/build/module/index.js'
    const tracker = Plausible({domain: location.hostname, apiHost: '%s'})
    tracker.enableAutoPageviews()
    tracker.trackEvent('Signup', {props: {plan: 'large'}, callback: () => {
        history.pushState({}, '', '/next')
        tracker.trackEvent('Last', {callback: () => { document.title = 'end' }})
    }})
"""
_OFFICIAL = """
    import {init, track} from '/modules/@plausible-analytics/tracker/plausible.js'
    init({domain: location.hostname, endpoint: '%s/api/event', outboundLinks: true})
    track('Signup', {props: {plan: 'large'}, callback: ({status}) => {
        history.pushState({}, '', '/next')
        track('Last', {callback: ({status}) => { document.title = 'end ' + status }})
    }})
"""
_IN_NODE = """
    const {Plausible} = require('plausible-client')
    const client = new Plausible({apiHost: process.argv[1], domain: 'node.example'})
    const at = url => ({url: 'https://node.example' + url})
    client.sendRequest('pageview', at('/start'))
        .then(() => client.sendRequest('pageview', at('/next')))
        .then(() => client.sendEvent('Signup', {...at('/next'), revenue: {amount: 5}}))
        .catch(error => { console.error(error); process.exit(1) })
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Role]:
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(
        data_dir=folder / "data",
        num_partitions=2,
        flush_interval_ms=50,
        allowed_hosts="stats.example,shop.example",
    )
    async with Role(settings, "up") as role:
        yield await role.serving()


@pytest.fixture
def passing_on(visitor: Visitor, websites: Websites, service: Role) -> Visitor:
    """Whoever visits here has the service behind the addresses of the websites."""
    websites.upstream = service.url
    return visitor


@pytest.fixture(scope="module")
def modules() -> Path:
    return installed()


async def counted(service: Role, site: str, expected: Mapping[str, int]) -> None:
    """Fails unless the site's pages come to have these views, and no others."""
    async with httpx.AsyncClient(base_url=service.url) as client:

        async def views() -> dict[str, int]:
            found = await client.get("/stats/pages", params={"site": site})
            assert found.status_code == 200, found.text
            return {row["page"]: row["views"] for row in found.json()["pages"]}

        async def there() -> bool:
            return sum((await views()).values()) >= sum(expected.values())

        await until(there, f"views of {site}", 15)
        assert await views() == {f"{site}{path}": number for path, number in expected.items()}


async def test_views_of_the_tracker_are_counted(passing_on: Visitor, service: Role) -> None:
    site = "http://shop.example"
    frame = f'<iframe src="{site}/framed"></iframe>'
    passing_on.put(tag(f"{site}/seen/tracker.js"), address=f"{site}/framed")
    await passing_on.open(tag(), frame, address=f"{site}/start?utm_source=news")
    await passing_on.run("history.pushState({}, '', '/caf%C3%A9')")
    await passing_on.websites.until(lambda: len(passing_on.websites.sent) == 3, "three views")
    await counted(service, "shop.example", {"/start": 1, "/framed": 1, "/café": 1})
    assert passing_on.errors == []


async def test_views_of_tags_that_are_there_already_are_counted(
    passing_on: Visitor, service: Role
) -> None:
    site = "http://tagged.example"
    script = tag(f"{SERVICE}/js/script.hash.js", data_domain="tagged.example")
    page = await passing_on.open(script, address=f"{site}/start")
    await page.wait_for_function("!!window.plausible")
    await passing_on.run("location.hash = '#/inbox'")
    status = await page.evaluate(
        "new Promise(done => plausible('Signup', {callback: done, props: {plan: 'large'}}))"
    )
    assert status == {"status": 202}
    await counted(service, "tagged.example", {"/start": 1, "/start#/inbox": 1})


@pytest.mark.npm
@pytest.mark.parametrize(
    ("name", "program", "title"),
    [("tracker", _PLAUSIBLE_TRACKER, "end"), ("official", _OFFICIAL, "end 202")],
)
async def test_views_of_a_client_from_npm_are_counted(
    passing_on: Visitor, service: Role, modules: Path, name: str, program: str, title: str
) -> None:
    passing_on.websites.modules = modules
    script = f'<script type="module">{program % SERVICE}</script>'
    page = await passing_on.open(script, address=f"http://{name}.example/start")
    await page.wait_for_function("document.title.startsWith('end')")
    assert await page.title() == title
    assert passing_on.errors == []
    await counted(service, f"{name}.example", {"/start": 1, "/next": 1})


@pytest.mark.npm
async def test_views_that_a_server_sends_with_a_client_from_npm_are_counted(
    service: Role, modules: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        node_binary() or "node", "-e", _IN_NODE, service.url,
        cwd=modules.parent, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    await counted(service, "node.example", {"/start": 1, "/next": 1})
