"""Clients of PyPI, unchanged, told only where to send: run with the address of a service.

In a process of its own: one has its settings in a module, the other a thread that never ends.
"""

import os
import sys
import time

import django
import plausible_events
from django.conf import settings
from django.test import RequestFactory

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
AGENT = {"HTTP_USER_AGENT": FIREFOX}
_SECONDS = 20


def main(url: str) -> None:
    """A view of each kind of client, and what is none."""
    of_django(url)
    app = App(domain="app.example", api=f"{url}/api/event", timeout=0.1)
    app.event("Opened", props={"plan": "large"})
    app.pageview("/login", utm={"source": "letter"})
    ghost = App(domain="ghost.example", api=f"{url}/api/event", timeout=0.1)
    ghost.pageview("/never")
    ghost.pageview("/either")
    # What they are not told is taken they send again, and all behind it waits.
    give_up = time.monotonic() + _SECONDS
    while app.queue or ghost.queue:
        if time.monotonic() > give_up:
            os._exit(1)
        time.sleep(0.05)


class App(plausible_events.PlausibleEvents):  # type: ignore[misc]
    """As an application has it that knows its address itself."""

    def _get_ip(self) -> str:
        return "192.0.2.1"


def of_django(url: str) -> None:
    """A view that a site tells itself, and one of a browser that it passes on."""
    settings.configure(ALLOWED_HOSTS=["*"], PLAUSIBLE_BASE_URL=url, PLAUSIBLE_DOMAIN="shop.example")
    django.setup()
    from plausible_proxy import services, views

    asked = RequestFactory().get("/from-django?utm_source=mail", **AGENT)
    assert services.send_custom_event(asked, "pageview", props={"a": 1}, screen_width=1280)
    assert services.send_custom_event(asked, "Signup")
    body = '{"n":"pageview","u":"https://shop.example/proxied","d":"shop.example","r":null}'
    passed = RequestFactory().post("/api/event", body, content_type="text/plain", **AGENT)
    assert views.event_proxy(passed).status_code == 202
    script = services.get_script("script.js")[0]
    assert b"/api/event" in script


if __name__ == "__main__":
    main(sys.argv[1])
    os._exit(0)
