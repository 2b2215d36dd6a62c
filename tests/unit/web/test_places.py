"""Which path is whose, and what log lines call it."""

import pytest

from tests.asgi import http_scope
from web.access import PUBLIC
from web.places import Places

PLACES = Places(
    dict.fromkeys(
        ["/exact", "/named/{name:str}", "/deep/{path:path}", "/deep/exact", "/deep/n/{name:str}"],
        PUBLIC,
    )
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/exact", "/exact"),
        ("/exact/", None),
        ("/exact/more", None),
        ("/named/a", "/named/{name:str}"),
        ("/named/a%2Fb", "/named/{name:str}"),
        ("/named/", None),
        ("/named/a/b", None),
        ("/deep/a", "/deep/{path:path}"),
        ("/deep/a/b//c/", "/deep/{path:path}"),
        ("/deep//", "/deep/{path:path}"),
        ("/deep/../exact", "/deep/{path:path}"),
        ("/deep/", None),
        ("/deep", None),
        ("/deeper/a", None),
        ("/%64eep/a", None),
        ("//deep/a", None),
        ("/deep/exact", "/deep/exact"),
        ("/deep/n/a", "/deep/n/{name:str}"),
        ("/deep/n/a/b", "/deep/{path:path}"),
    ],
)
def test_a_path_is_one_place_s_or_nobody_s(path: str, place: str | None) -> None:
    found = PLACES.at(http_scope("GET", path.encode(), []))
    assert (found.path if found else None) == place
