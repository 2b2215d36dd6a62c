"""Errors in messages: none of these ends in nothing."""

import pytest

from domain.errors import Interrupted
from domain.shown import error_words


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TimeoutError(), "TimeoutError"),
        (TimeoutError("  "), "TimeoutError"),
        (OSError("gone"), "OSError: gone"),
    ],
)
def test_an_error_without_a_text_is_called_by_its_name(error: Exception, says: str) -> None:
    assert error_words(error) == says


def test_whoever_is_interrupted_says_so() -> None:
    assert str(Interrupted())
