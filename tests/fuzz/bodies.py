"""What both kinds of bodies have in common: how they are posted and what must come of them."""

import gzip
import json
from typing import TypeVar

import msgspec

from domain.agents.labels import label_of
from domain.events import PageViewed
from domain.wire import decode
from tests.fuzz.service import ACCEPTED, INVALID, Found, service

Form = TypeVar("Form")

MOMENT = b"2025-07-16T10:00:00Z"
_PACKED = {b"content-encoding": b"gzip"}


def posted(path: str, body: bytes) -> list[PageViewed] | None:
    """The events that came of `body`, None where it was refused, packed with gzip as well."""
    views = _counted(path, body, {})
    assert views == _counted(path, gzip.compress(body, 1), _PACKED)
    # As a body of its own it is hardly ever gzip, but must do no harm.
    _counted(path, body, _PACKED)
    return views


def read_again(body: bytes, form: type[Form]) -> Form:
    """What another decoder reads in a body that was accepted."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.DecodeError:
        # It knows no half of a character, which a user agent may be.
        return msgspec.convert(json.loads(body), type=form)


def _counted(path: str, body: bytes, headers: dict[bytes, bytes]) -> list[PageViewed] | None:
    log = service().log
    log.entries.clear()
    found = service().ask("POST", path, body, headers=headers)
    batches = [decode(entry) for lane in log.entries.values() for entry in lane]
    views = [event for batch in batches for event in batch.events]
    for batch in batches:
        # Whatever was sent, no more than labels is in the log.
        assert all(label_of(text) == text for text in (batch.agents.texts if batch.agents else ()))
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
