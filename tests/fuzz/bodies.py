"""What both kinds of bodies have in common: how they are posted and what must come of them."""

import gzip

from domain.events import PageViewed
from domain.wire import decode
from tests.fuzz.service import ACCEPTED, INVALID, Found, service

MOMENT = b"2025-07-16T10:00:00Z"
_PACKED = {b"content-encoding": b"gzip"}


def posted(path: str, body: bytes) -> list[PageViewed] | None:
    """The events that came of `body`, None where it was refused, packed with gzip as well."""
    views = _counted(path, body, {})
    assert views == _counted(path, gzip.compress(body, 1), _PACKED)
    # As a body of its own it is hardly ever gzip, but must do no harm.
    _counted(path, body, _PACKED)
    return views


def _counted(path: str, body: bytes, headers: dict[bytes, bytes]) -> list[PageViewed] | None:
    log = service().log
    log.entries.clear()
    found = service().ask("POST", path, body, headers=headers)
    views = [
        event for lane in log.entries.values() for entry in lane for event in decode(entry).events
    ]
    if found.status == ACCEPTED:
        assert found.content == {"accepted": sum(view.count for view in views)}
        return sorted(views, key=repr)
    assert not views
    _check_refusal(found)
    return None


def _check_refusal(found: Found) -> None:
    assert found.status == INVALID, found
    assert found.content["outcome"] == "none"
    assert 1 <= len(found.content["errors"]) <= 100
    for error in found.content["errors"]:
        assert len(error["pointer"]) + len(error["detail"]) < 1_000
