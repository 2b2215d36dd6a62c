"""How complete an answer is, in its headers."""

from domain.hours import as_millisecond
from domain.reports import Watermark
from web.problems import Headers


def watermark_headers(watermark: Watermark) -> Headers:
    """The generation; and where it is known, up to when it is complete and how long ago that was.

    Seconds are rounded up.
    """
    headers = [(b"footfall-generation", b"%d" % watermark.generation)]
    if watermark.complete_ms:
        lag_ms = max(0, watermark.now_ms - watermark.complete_ms)
        headers += [
            (b"footfall-complete-until", as_millisecond(watermark.complete_ms).encode()),
            (b"footfall-lag-seconds", b"%d" % -(-lag_ms // 1_000)),
        ]
    return headers
