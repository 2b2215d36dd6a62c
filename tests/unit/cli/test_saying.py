"""Nothing that is printed or logged is obeyed by a terminal."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.output.saying import say, say_json
from cli.wiring.process import _Shown

OBEYED = "\x1b\x9b\x07\r\x00\u202e\u2028\u200f"


def is_obeyed(character: str) -> bool:
    return character not in "\n\t" and (ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_whatever_is_said_no_terminal_obeys_it(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say(text + OBEYED)
    out = capsys.readouterr().out
    assert not any(map(is_obeyed, out))
    assert not set(out) & set(OBEYED)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_the_same(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say_json(json.dumps({"page": text + OBEYED}, ensure_ascii=False))
    out = capsys.readouterr().out
    assert not any(map(is_obeyed, out))
    assert json.loads(out) == {"page": text + OBEYED}


def test_a_line_of_the_log_is_shown() -> None:
    record = logging.LogRecord("a", logging.INFO, "", 0, "page %s", (OBEYED,), None)
    assert not any(map(is_obeyed, _Shown("%(message)s").format(record)))
