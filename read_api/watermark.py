"""How complete an answer is, in its headers."""

from domain.hours import as_millisecond
from domain.reports import Watermark
from web.problems import Headers


def watermark_headers(watermark: Watermark) -> Headers:
    """The generation; and where it is known, up to when it is complete and how long ago that was.

    Seconds are rounded up.
    """
    headers = [(b"footfall-generation", b"%d" % watermark.generation)]
    seconds = lag_seconds(watermark)
    if seconds is not None:
        headers += [
            (b"footfall-complete-until", as_millisecond(watermark.complete_ms).encode()),
            (b"footfall-lag-seconds", b"%d" % seconds),
        ]
    return headers


def lag_seconds(watermark: Watermark) -> int | None:
    """How long ago that moment was, rounded up; None where it is not known."""
    if not watermark.complete_ms:
        return None
    lag_ms = max(0, watermark.now_ms - watermark.complete_ms)
    return -(-lag_ms // 1_000)
