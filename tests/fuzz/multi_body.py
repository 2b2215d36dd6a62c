"""POST /page-views/multi."""

import re
from collections import Counter

from domain.hours import parse_instant
from tests.fuzz.bodies import MOMENT, posted, read_again
from tests.fuzz.grammar import made, multi, raw

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
SEEDS = [
    raw(b'{"example.com/page":{"' + MOMENT + b'":5}}'),
    raw(b'{"a":{"' + MOMENT + b'":5,"2025-07-16T10:30:00Z":1},"b":{"' + MOMENT + b'":2}}'),
    raw(b'{"a":0,"a":{"' + MOMENT + b'":1}}'),
    raw(b'{"a":{"' + MOMENT + b'":1,"' + MOMENT + b'":2},"\\u0061":{"' + MOMENT + b'":4}}'),
    raw(b'{"a":{"' + MOMENT + b'":{"curl/8":1,"curl/7.1":2,"":3}}}'),
    raw(b'{"a":' * 1_000),
]


def one(data: bytes) -> None:
    """The counts that another decoder reads, those that it drops on top, or a refusal."""
    body = made(data, multi)
    views = posted("/page-views/multi", body)
    if views is None:
        return
    found = read_again(body, dict[str, dict[str, int | dict[str, int]]])
    # Of what is given twice it keeps the last.
    kept = Counter(
        (page, parse_instant(moment), count)
        for page, counts in found.items()
        for moment, count in counts.items()
        if isinstance(count, int)
    )
    counted = Counter((view.page, view.at_ms, view.count) for view in views)
    assert kept <= counted
    # Without its texts only counts are numbers of it: every one is counted, those of agents of
    # whom the same is kept as one.
    written = re.findall(rb"[0-9]+", _TEXT.sub(b"", body))
    assert kept.total() <= counted.total() <= len(written)
    assert sum(view.count for view in views) == sum(map(int, written))
