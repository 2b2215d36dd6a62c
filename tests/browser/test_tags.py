"""Tags that websites have already: the scripts under the names that these ask for."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.browser.visitor import Visitor, tag
from tests.browser.website import SERVICE, SHOP

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

QUEUE = (
    "<script>window.plausible = window.plausible || function () "
    "{ (plausible.q = plausible.q || []).push(arguments) }</script>"
)
# As the snippet of the newer script has it: what is asked before it is loaded waits.
INIT = (
    "<script>window.plausible=window.plausible||function(){(plausible.q=plausible.q||[])"
    ".push(arguments)},plausible.init=plausible.init||function(i){plausible.o=i||{}};</script>"
)
NEWER = f'<script async src="{SERVICE}/js/pa-Ab_c-1.js"></script>'
# Resolves with what the callback is given.
CALLED = """([name, options]) => new Promise(done => {
    plausible(name, {...options, callback: result => done(result ?? 'nothing')})
})"""


def script(extensions: str = "") -> str:
    return f"{SERVICE}/js/script{extensions}.js"


async def called(visitor: Visitor, name: str, **options: Any) -> Any:
    return await visitor.page.evaluate(CALLED, [name, options])


async def contents(visitor: Visitor, number: int) -> list[Mapping[str, Any]]:
    return [each.content for each in await visitor.sent(number)]


async def test_a_view_is_said_in_the_words_that_the_tag_was_made_for(visitor: Visitor) -> None:
    await visitor.open(tag(script()))
    (view,) = await visitor.sent(1)
    assert (view.method, view.path) == ("POST", "/api/event")
    assert view.headers["content-type"].lower() == "text/plain;charset=utf-8"
    assert view.content == {
        "n": "pageview",
        "u": f"{SHOP}/start",
        "d": "shop.example",
        "r": None,
    }


async def test_views_go_where_the_tag_says(visitor: Visitor) -> None:
    await visitor.open(tag(script(), data_api=f"{SHOP}/seen/api/event"))
    await visitor.sent(1)
    assert f"{SHOP}/seen/api/event" in visitor.websites.asked
    assert f"{SERVICE}/api/event" not in visitor.websites.asked


async def test_events_are_sent_by_name_and_their_callback_is_told(visitor: Visitor) -> None:
    await visitor.open(tag(script()))
    signup = {"props": {"plan": "large"}, "revenue": {"amount": 1, "currency": "EUR"}}
    assert await called(visitor, "Signup", **signup, interactive=False) == {"status": 202}
    assert await called(visitor, "pageview", u=f"{SHOP}/made-up") == {"status": 202}
    _, event, view = await contents(visitor, 3)
    assert event == {"n": "Signup", "u": f"{SHOP}/start", "d": "shop.example", "r": None}
    assert (view["n"], view["u"]) == ("pageview", f"{SHOP}/made-up")


async def test_a_callback_is_told_that_nothing_arrived(visitor: Visitor) -> None:
    await visitor.open(tag(script(".manual")))
    await visitor.context.route("**/event", lambda route: route.abort())
    assert list(await called(visitor, "pageview")) == ["error"]
    await visitor.run("localStorage.plausible_ignore = 'true'")
    assert await called(visitor, "pageview") == "nothing"
    assert visitor.errors == []


async def test_what_was_asked_before_the_script_was_there_is_done_then(visitor: Visitor) -> None:
    early = "<script>plausible('Early', {callback: r => window.early = r.status})</script>"
    await visitor.open(QUEUE, early, tag(script()), tag(script()))
    assert {each["n"] for each in await contents(visitor, 2)} == {"pageview", "Early"}
    await visitor.page.wait_for_function("window.early == 202")


async def test_a_manual_tag_counts_what_it_is_asked_to_and_no_more(visitor: Visitor) -> None:
    await visitor.open(tag(script(".manual.outbound-links")))
    await visitor.run("history.pushState({}, '', '/next')")
    assert await visitor.sent(0) == []
    await visitor.run("plausible('pageview', {u: 'https://shop.example/basket'})")
    (view,) = await contents(visitor, 1)
    assert view["u"] == "https://shop.example/basket"


@pytest.mark.parametrize(
    ("lists", "counted"),
    [
        ({"data_exclude": "/admin/*, /draft.*"}, ["/start", "/admin/a/b", "/draftx"]),
        ({"data_exclude": "/admin/**,/start"}, ["/draft.x", "/draftx"]),
        ({"data_include": "/admin/**"}, ["/admin/a", "/admin/a/b"]),
        ({"data_include": "/*", "data_exclude": "/draft*"}, ["/start"]),
    ],
)
async def test_a_tag_with_exclusions_counts_the_pages_its_lists_leave(
    visitor: Visitor, lists: dict[str, str], counted: list[str]
) -> None:
    await visitor.open(tag(script(".exclusions"), **lists))
    for path in ("/admin/a", "/admin/a/b", "/draft.x", "/draftx"):
        await visitor.run(f"history.pushState({{}}, '', '{path}')")
    assert await visitor.pages(len(counted)) == counted


@pytest.mark.parametrize("first", [True, False])
async def test_a_newer_tag_is_told_by_the_page_what_to_do(visitor: Visitor, first: bool) -> None:
    options = "{hashBasedRouting: true, transformRequest: it => ({...it, u: it.u + '!'})}"
    await visitor.open(INIT, NEWER if first else "")
    if first:
        await visitor.page.wait_for_function("plausible.l")
    await visitor.run(f"plausible('Early'); plausible.init({options})")
    if not first:
        await visitor.run(f"""() => {{
            const late = document.createElement('script')
            late.src = '{SERVICE}/js/pa-x.js'
            document.body.append(late)
        }}""")
    await visitor.websites.until(lambda: len(visitor.websites.sent) == 2, "two events")
    await visitor.run("plausible.init()")
    await visitor.run("location.hash = '#/a'")
    sent = await contents(visitor, 3)
    assert {(each["n"], each["u"]) for each in sent} == {
        ("pageview", f"{SHOP}/start!"),
        ("Early", f"{SHOP}/start!"),
        ("pageview", f"{SHOP}/start#/a!"),
    }
    assert {(each["d"], each["h"]) for each in sent} == {("shop.example", 1)}
    assert visitor.errors == []


async def test_a_newer_tag_sends_what_it_is_left_to(visitor: Visitor) -> None:
    options = (
        "{domain: 'other.example', endpoint: '/seen/api/event', autoCapturePageviews: false, "
        "transformRequest: it => it.n != 'Secret' && it}"
    )
    await visitor.open(INIT, NEWER, NEWER, f"<script>plausible.init({options})</script>")
    await visitor.page.wait_for_function("plausible.l")
    assert await called(visitor, "Secret") == "nothing"
    assert await called(visitor, "Signup", props={"a": 1}) == {"status": 202}
    (event,) = await contents(visitor, 1)
    assert event == {"n": "Signup", "u": f"{SHOP}/start", "d": "other.example", "r": None}
    assert f"{SHOP}/seen/api/event" in visitor.websites.asked


async def test_a_newer_tag_counts_at_home_where_it_is_told_to(visitor: Visitor) -> None:
    init = "<script>plausible.init({captureOnLocalhost: true, domain: 'shop.example'})</script>"
    await visitor.open(INIT, init, NEWER, address="http://localhost/start")
    assert await visitor.pages(1) == ["/start"]
