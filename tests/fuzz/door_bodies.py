"""The doors that are sent a body."""

from tests.fuzz.doors import hits, knock, payload, payloads, told
from tests.fuzz.grammar import made, raw

DOORS = (
    ("/api/event", told),
    ("/page-views/browser", told),
    ("/api/send", payload),
    ("/api/batch", payloads),
    ("/api/v0/count", hits),
)
SEEDS = [
    raw(b'{"n":"pageview","u":"https://shop.example/a?ref=x#b","d":"shop.example","h":1}'),
    raw(b'{"url":"https://shop.example/%C3%A9","site":"shop.example,app.example"}'),
    raw(b'{"type":"event","payload":{"hostname":"shop.example","url":"/a","referrer":""}}'),
    raw(b'[{"type":"event","payload":{"hostname":"shop.example","url":"/a"}},{}]'),
    raw(b'{"hits":[{"path":"https://shop.example/a","created_at":"2025-07-16T09:00:00Z"}]}'),
    raw(b'{"n":"pageview","u":"https://shop.example/%ff%","d":"www.shop.example"}'),
]


def one(data: bytes) -> None:
    """Views of pages of declared sites at one of them, or a refusal."""
    path, shape = DOORS[sum(data) % len(DOORS)]
    knock("POST", path, made(data, shape))
