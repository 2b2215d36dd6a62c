"""What the scripts count in a real browser: what people see, once each."""

import base64
import hashlib
from pathlib import Path

import pytest

from ingest.tracker.making import kept
from tests.browser.chromium import by_itself
from tests.browser.visitor import Visitor, tag
from tests.browser.website import OWN_PATH, SERVICE, SHOP, Websites

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

OTHER = "http://other.example/away"
SCRIPT = f"{SERVICE}/js/script.js"
BOTH = pytest.mark.parametrize("script", [f"{SERVICE}/tracker.js", SCRIPT])
DIGEST = "sha384-" + base64.b64encode(hashlib.sha384(kept(1)).digest()).decode()


async def test_the_first_load_is_one_view_and_leaves_nothing_behind(visitor: Visitor) -> None:
    visitor.put(f'<a href="{SHOP}/start?utm_source=news#top">shop</a>', address=OTHER)
    visitor.put(tag())
    page = await visitor.another()
    await page.goto(OTHER)
    visitor.put(tag(), address=f"{SHOP}/start?utm_source=news")
    await page.click("a")
    (view,) = await visitor.sent(1)
    assert (view.method, view.path) == ("POST", "/page-views/browser")
    assert view.content == {
        "url": f"{SHOP}/start?utm_source=news",
        "referrer": "http://other.example/",
        "site": "shop.example",
    }
    # A browser sends that without asking first.
    assert view.headers["content-type"].lower() == "text/plain;charset=utf-8"
    assert "cookie" not in view.headers
    assert await visitor.context.cookies() == []
    state = await visitor.context.storage_state(indexed_db=True)
    assert state["origins"] == []
    assert visitor.errors == []


@BOTH
async def test_in_an_app_of_one_page_a_view_is_another_path(visitor: Visitor, script: str) -> None:
    await visitor.open(tag(script))
    await visitor.run("history.pushState({}, '', '/start?tab=2')")
    await visitor.run("history.replaceState({}, '', '/start?tab=3')")
    await visitor.run("location.hash = 'part'")
    await visitor.run("history.pushState({}, '', '/next')")
    await visitor.run("history.pushState({}, '', '/next')")
    await visitor.go(-3)
    views = await visitor.sent(3)
    assert [view.page for view in views] == ["/start", "/next", "/start"]
    assert visitor.errors == []


async def test_within_an_app_a_view_comes_from_the_page_before(visitor: Visitor) -> None:
    await visitor.open(tag())
    await visitor.run("history.pushState({}, '', '/next')")
    first, second = await visitor.sent(2)
    assert (first.content["referrer"], second.content["referrer"]) == ("", f"{SHOP}/start")


async def test_replacing_a_path_is_a_view_of_our_own_tag_alone(visitor: Visitor) -> None:
    await visitor.open(tag(), tag(SCRIPT))
    await visitor.sent(2)
    await visitor.run("history.replaceState({}, '', '/other')")
    assert sorted((v.path, v.page) for v in await visitor.sent(3)) == [
        ("/api/event", "/start"),
        ("/page-views/browser", "/other"),
        ("/page-views/browser", "/start"),
    ]


@BOTH
async def test_a_page_that_comes_back_from_the_cache_is_a_view(
    visitor: Visitor, script: str
) -> None:
    shown = "<script>onpageshow = event => window.cached = event.persisted</script>"
    await visitor.open(tag(script), shown)
    await visitor.sent(1)
    await visitor.open("away", address=OTHER)
    # Not before that is answered: where it ran is gone then.
    await visitor.run("setTimeout(() => history.back())")
    await visitor.websites.until(lambda: len(visitor.websites.sent) == 2, "another view")
    # Whoever drives may hear of the way back later than the service.
    await visitor.page.wait_for_function("window.cached === true")
    assert await visitor.pages(2) == ["/start", "/start"]


@BOTH
async def test_a_prerendered_page_is_a_view_once_it_is_shown(
    websites: Websites, visitor: Visitor, tmp_path: Path, script: str
) -> None:
    rule = '{"prerender": [{"source": "list", "urls": ["/start"], "eagerness": "immediate"}]}'
    opening = f"fetch('{SERVICE}/hang/on', {{mode: 'no-cors'}}).then(() => link.click())"
    visitor.put(
        f'<script type="speculationrules">{rule}</script><a id="link" href="/start">open</a>',
        f"<script>{opening}</script>",
        address=f"{SHOP}/list",
    )
    # That is after the tracker has run.
    telling = "DOMContentLoaded', () => fetch('/prerendering-' + document.prerendering)"
    visitor.put(tag(script), f"<script>addEventListener('{telling})</script>")
    async with by_itself(websites.port, tmp_path, f"{SHOP}/list"):
        asked = websites.asked
        await websites.until(lambda: f"{SHOP}/prerendering-true" in asked, "a prerendered page")
        assert script in asked
        assert websites.sent == []
        websites.released.set()
        await websites.until(lambda: bool(websites.sent), "a view")
        assert [view.page for view in websites.sent] == ["/start"]
        assert f"{SHOP}/prerendering-false" not in asked


@BOTH
async def test_a_page_in_the_background_is_a_view_once_somebody_looks(
    visitor: Visitor, script: str
) -> None:
    page = await visitor.another()
    await page.add_init_script(
        "window.seen = 'hidden'; "
        "Object.defineProperty(document, 'visibilityState', {get: () => window.seen})"
    )
    await visitor.open(tag(script))
    assert await visitor.sent(0) == []
    looked = "seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))"
    await visitor.run(looked)
    await visitor.run("seen = 'hidden'")
    await visitor.run(looked)
    assert await visitor.pages(1) == ["/start"]


@pytest.mark.parametrize("name", ["tracker.js", "js/script.js"])
async def test_a_view_arrives_though_the_page_is_closed_before_it_is_sent(
    visitor: Visitor, name: str
) -> None:
    # As many as a browser has connections to one host: whatever follows waits for one of them.
    way = "{mode: 'no-cors', credentials: 'omit'}"
    busy = "".join(f"fetch('{SERVICE}/hang/{n}', {way});" for n in range(6))
    await visitor.open(f"<script>{busy}</script>", address=f"{SHOP}/busy")
    asked, endpoint = visitor.websites.asked, f"{SERVICE}/page-views/browser"
    await visitor.websites.until(
        lambda: sum(address.startswith(f"{SERVICE}/hang/") for address in asked) == 6, "a full host"
    )
    closed = await visitor.another()
    async with closed.expect_request(endpoint):
        await visitor.open(tag(f"{SHOP}{OWN_PATH}/{name}", data_api=endpoint))
    await closed.close()
    # Whatever the browser gives up with a page, it has given up by now.
    await visitor.another()
    await visitor.open(address=f"{SHOP}/later")
    assert visitor.websites.sent == []
    visitor.websites.released.set()
    assert await visitor.pages(1) == ["/start"]


@BOTH
async def test_browsers_that_keep_no_request_alive_send_it_another_way(
    visitor: Visitor, script: str
) -> None:
    page = await visitor.another()
    await page.add_init_script(
        "delete Request.prototype.keepalive; window.fetch = () => { throw new Error('fetched') }"
    )
    await visitor.open(tag(script))
    await visitor.websites.until(lambda: bool(visitor.websites.sent), "a view")
    (view,) = visitor.websites.sent
    assert (view.method, view.page) == ("POST", "/start")
    assert view.headers["content-type"].lower() == "text/plain;charset=utf-8"
    assert visitor.errors == []


async def test_where_third_parties_are_blocked_the_path_of_the_site_counts(
    visitor: Visitor,
) -> None:
    await visitor.context.route(f"{SERVICE}/**", lambda route: route.abort())
    basket = {"set-cookie": "basket=full"}
    await visitor.open(tag(), tag(f"{SHOP}{OWN_PATH}/tracker.js"), headers=basket)
    await visitor.websites.until(lambda: len(visitor.websites.sent) == 1, "a view")
    # Those of the site are no business of who counts.
    assert "cookie" not in visitor.websites.sent[0].headers
    assert visitor.websites.asked[-1] == f"{SHOP}{OWN_PATH}/page-views/browser"
    assert visitor.errors == []


@BOTH
async def test_a_page_does_not_notice_that_its_views_are_blocked(
    visitor: Visitor, script: str
) -> None:
    await visitor.context.route("**/event", lambda route: route.abort())
    await visitor.context.route("**/browser", lambda route: route.abort())
    page = await visitor.another()
    async with page.expect_event("requestfailed"):
        await visitor.open(tag(script))
    await visitor.run("history.pushState({}, '', '/next')")
    assert await page.evaluate("location.pathname") == "/next"
    assert await visitor.sent(0) == []
    assert visitor.errors == []


@pytest.mark.parametrize("allowed", [SERVICE, f"'{DIGEST}'"])
async def test_a_strict_policy_and_a_digest_let_it_count(visitor: Visitor, allowed: str) -> None:
    policy = f"default-src 'none'; script-src {allowed}; connect-src {SERVICE}"
    said: list[str] = []
    page = await visitor.another()
    page.on("console", lambda message: said.append(message.text))
    script = tag(f"{SERVICE}/tracker-1.js", integrity=DIGEST, crossorigin="anonymous")
    await visitor.open(script, headers={"content-security-policy": policy})
    assert await visitor.pages(1) == ["/start"]
    assert not [text for text in said if "Content Security" in text], said
    assert visitor.errors == []


async def test_bytes_of_another_digest_do_not_run(visitor: Visitor) -> None:
    script = f"{SERVICE}/js/script.js"
    await visitor.open(tag(script, integrity=DIGEST, crossorigin="anonymous"))
    assert await visitor.sent(0) == []


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (tag(data_hash="data-hash"), ["/start", "/start#/a", "/start#/b", "/start#/a"]),
        (
            tag(f"{SERVICE}/js/script.hash.js"),
            ["/start", "/start#/a", "/start#/b", "/start#/a"],
        ),
        (tag(), ["/start"]),
        (tag(SCRIPT), ["/start"]),
    ],
)
async def test_a_fragment_is_a_page_only_where_it_is_asked_for(
    visitor: Visitor, tags: str, expected: list[str]
) -> None:
    await visitor.open(tags)
    await visitor.run("location.hash = '#/a'")
    await visitor.run("history.pushState({}, '', '#/b')")
    await visitor.go(-1)
    assert await visitor.pages(len(expected)) == expected
    said = {view.content.get("h", view.content.get("hash")) for view in visitor.websites.sent}
    assert said == ({1} if len(expected) > 1 else {None})


@pytest.mark.parametrize(
    "tags",
    [
        tag() + tag(),
        tag() + tag(f"{SERVICE}/tracker-1.js"),
        tag(SCRIPT) + tag(f"{SERVICE}/js/plausible.outbound-links.js"),
    ],
)
async def test_a_page_that_has_the_tag_twice_counts_once(visitor: Visitor, tags: str) -> None:
    await visitor.open(tags)
    await visitor.sent(1)
    await visitor.run("history.pushState({}, '', '/next')")
    assert await visitor.pages(2) == ["/start", "/next"]


async def test_two_tags_for_two_sites_count_for_each(visitor: Visitor) -> None:
    await visitor.open(tag(), tag(data_domain="all.example,group.example"), tag(data_domain=""))
    sites = {view.content.get("site") for view in await visitor.sent(3)}
    assert sites == {"shop.example", "all.example,group.example", None}


@BOTH
async def test_a_frame_of_text_is_no_page(visitor: Visitor, script: str) -> None:
    frame = tag(script).replace("defer ", "").replace('"', "'")
    await visitor.open(f'<iframe srcdoc="{frame}<script>loaded = 1</script>"></iframe>')
    await visitor.page.frames[1].wait_for_function("window.loaded")
    assert script in visitor.websites.asked
    assert await visitor.sent(0) == []
    assert visitor.errors == []


@BOTH
async def test_who_does_not_want_to_be_counted_is_not(visitor: Visitor, script: str) -> None:
    page = await visitor.another()
    await page.add_init_script("localStorage.footfall_ignore = 'true'")
    await visitor.open(tag(script))
    turned = "localStorage.footfall_ignore = 'false'; localStorage.plausible_ignore = '%s'; "
    await visitor.run(turned % "true" + "history.pushState({}, '', '/next')")
    assert await visitor.sent(0) == []
    await visitor.run(turned % "false" + "history.pushState({}, '', '/more')")
    assert await visitor.pages(1) == ["/more"]


@BOTH
async def test_without_storage_it_counts_all_the_same(visitor: Visitor, script: str) -> None:
    await visitor.open(tag(script), headers={"content-security-policy": "sandbox allow-scripts"})
    assert await visitor.pages(1) == ["/start"]
    assert visitor.errors == []


@BOTH
async def test_a_browser_that_says_a_program_drives_it_is_not_counted(
    visitor: Visitor, script: str
) -> None:
    page = await visitor.another()
    await page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => true})"
    )
    await visitor.open(tag(script))
    assert await visitor.sent(0) == []


async def test_who_builds_a_site_at_home_is_not_counted(visitor: Visitor) -> None:
    for host in ("localhost", "127.0.0.1"):
        await visitor.open(tag(), tag(SCRIPT), address=f"http://{host}/start")
    asked = visitor.websites.asked
    assert {f"{SERVICE}/tracker.js", SCRIPT} <= set(asked)
    assert await visitor.sent(0) == []
    local = tag(f"{SERVICE}/js/script.local.js")
    await visitor.open(local, address="http://localhost/built")
    assert await visitor.pages(1) == ["/built"]


@BOTH
async def test_a_file_is_no_website(visitor: Visitor, script: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(tag(script))
    page = await visitor.another()
    await page.goto(file.as_uri())
    assert script in visitor.websites.asked
    assert await visitor.sent(0) == []
    assert visitor.errors == []
