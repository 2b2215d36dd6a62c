"""Formulas in pages: a spreadsheet shows them, and none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.spreadsheets import as_it_was, harmless

texts = st.text(st.sampled_from("'=+-@ a\t＝")) | st.text()


@given(texts)
def test_what_was_made_harmless_comes_back(text: str) -> None:
    assert as_it_was(harmless(text)) == text


@given(texts)
def test_nothing_harmless_begins_as_a_formula(text: str) -> None:
    assert not harmless(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(texts)
def test_at_most_a_quote_is_added(text: str) -> None:
    assert harmless(text) in (text, f"'{text}")


@pytest.mark.parametrize("text", ["example.com/a=b", "/-", "'quoted'", "", "'", "a"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == as_it_was(text) == text
