"""Why a partition is not folded, as a word: of an error, and of those it is one of."""

import pytest

from domain.errors import (
    Fenced,
    HistoryTruncated,
    LogUnavailable,
    LogWentBackward,
    StoreRefused,
    StoreUnavailable,
    UnknownFormat,
    Unstorable,
)
from domain.ownership import trouble_kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UnknownFormat("9"), "newer-format"),
        (HistoryTruncated("gone"), "log-truncated"),
        (LogWentBackward("anew"), "log-went-backward"),
        (LogUnavailable("away"), "log-away"),
        (StoreRefused("no table"), "database-refuses"),
        (Unstorable("too large"), "database-refuses"),
        (StoreUnavailable("away"), "database-away"),
        (Fenced("another"), "other"),
        (ValueError("nobody foresaw it"), "other"),
    ],
)
def test_an_error_has_a_word(error: Exception, kind: str) -> None:
    assert trouble_kind(error) == kind
