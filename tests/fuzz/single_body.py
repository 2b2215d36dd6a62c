"""POST /page-views/single."""

from tests.fuzz.bodies import MOMENT, posted, read_again
from tests.fuzz.grammar import made, raw, single

SEEDS = [
    raw(b'{"page":"example.com/page","timestamp":"' + MOMENT + b'"}'),
    raw(b'{"page":"a","timestamp":"' + MOMENT + b'","page":"b"}'),
    raw(b'{"p\\u0061ge":"a","timestamp":"' + MOMENT + b'"}'),
    raw(b'{"page":"a","timestamp":"' + MOMENT + b'","user_agent":"curl/8"}'),
    raw(b"[" * 1_000),
]


def one(data: bytes) -> None:
    """One view, of the page that another decoder reads, or a refusal."""
    body = made(data, single)
    views = posted("/page-views/single", body)
    if views is None:
        return
    (view,) = views
    assert view.count == 1
    found = read_again(body, dict[str, str])
    assert found.keys() - {"user_agent"} == {"page", "timestamp"}
    assert found["page"] == view.page
