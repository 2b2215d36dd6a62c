"""Two readers of one view: the fast one never reads anything that the other does not."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import RequestRefused
from domain.partitioning import partition_for
from ingest.requests import limits, single_to_events
from ingest.usual import One, one_of, usual_view
from tests.factories import TEN, event

NOW = limits(TEN, 10)
MOMENT = "2025-07-16T10:00:00Z"
VIEW = {"page": "example.com/page", "timestamp": MOMENT}


def judged(body: bytes) -> One | None:
    """What the judge of all bodies makes of it, None where that is a refusal."""
    try:
        return one_of(single_to_events(body, NOW, 10))
    except RequestRefused:
        return None


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(VIEW),
        json.dumps(VIEW, separators=(",", ":")),
        json.dumps(dict(reversed(VIEW.items())), indent=2) + "\n",
        json.dumps(VIEW | {"page": "example.com/größe"}, ensure_ascii=False),
        json.dumps(VIEW | {"user_agent": "curl/8"}),
        json.dumps(VIEW | {"user_agent": ""}),
    ],
)
def test_what_clients_usually_send_is_read_by_the_fast_one(body: str) -> None:
    found = usual_view(body.encode(), NOW, 10)
    assert found is not None
    assert found == judged(body.encode())


def test_a_view_goes_to_its_pages_partition_with_what_is_kept_of_its_viewer() -> None:
    partition = partition_for("example.com/page", 10)
    assert usual_view(json.dumps(VIEW).encode(), NOW, 10) == (partition, event(), None)
    named = json.dumps(VIEW | {"user_agent": "x"}).encode()
    assert usual_view(named, NOW, 10, str.upper) == (partition, event(), "X")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"page":"a","timestamp":"%s","page":"b"}' % MOMENT.encode(),
        b'{"page":"user_agent","timestamp":"%s","page":"b"}' % MOMENT.encode(),
        b'{"page":"a","timestamp":"%s","more":1}' % MOMENT.encode(),
        b'{"page":"a","timestamp":"%s","user_agent":"x","user_agent":"y"}' % MOMENT.encode(),
        b'{"page":"a","timestamp":"%s","user_agent":null}' % MOMENT.encode(),
        b'{"p\\u0061ge":"a","timestamp":"%s"}' % MOMENT.encode(),
        b'{"page":"a\\"b","timestamp":"%s"}' % MOMENT.encode(),
        b'{"page":"","timestamp":"%s"}' % MOMENT.encode(),
        b'{"page":"a\x7f","timestamp":"%s"}' % MOMENT.encode(),
        b'{"page":"%s","timestamp":"%s"}' % (b"x" * 2_049, MOMENT.encode()),
        b'{"page":"a","timestamp":"yesterday"}',
        b'{"page":"a","timestamp":"2025-07-16T11:00:00.001Z"}',
        b'{"page":"a","timestamp":"2025-07-06T09:59:59Z"}',
        b'\xef\xbb\xbf{"page":"a","timestamp":"%s"}' % MOMENT.encode(),
    ],
)
def test_whatever_else_there_is_the_judge_looks_at(body: bytes) -> None:
    assert usual_view(body, NOW, 10) is None


BLANK = st.sampled_from(["", "", "", " ", "\n", "\t", "\r", "\x0b", "\xa0"])
TEXT = st.one_of(
    st.sampled_from(
        ["a", "page", "timestamp", "user_agent", MOMENT, "2025-07-16_10", "2999-01-01", ""]
    ),
    st.text(max_size=8),
    st.text(st.sampled_from('"\\\x00\x1f\x7f\x85\u2028\ud800aü,:{}'), max_size=8),
)
NAME = st.sampled_from(["page", "page", "timestamp", "timestamp", "user_agent", "Page", "x"])


@st.composite
def strings(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text between quotes, spelled with more or fewer escapes than it needs, or none at all."""
    text = draw(texts)
    match draw(st.sampled_from(["plain", "plain", "json", "ascii", "escaped"])):
        case "plain":
            return f'"{text}"'
        case "json":
            return json.dumps(text, ensure_ascii=False)
        case "ascii":
            return json.dumps(text)
    return '"' + "".join(f"\\u{ord(letter) % 65_536:04x}" for letter in text) + '"'


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Something like a view."""
    value = st.one_of(strings(TEXT), strings(TEXT), st.sampled_from(["1", "null", "{}", '["a"]']))
    usual = [("page", strings(TEXT)), ("timestamp", strings(st.just(MOMENT)))]
    members = [(f'"{name}"', draw(found)) for name, found in usual if draw(st.integers(0, 9))]
    more = st.lists(st.tuples(strings(NAME), value), min_size=1, max_size=2)
    members += draw(st.one_of(st.just([]), more))
    parts = [
        f"{draw(BLANK)}{name}{draw(BLANK)}:{draw(BLANK)}{found}{draw(BLANK)}"
        for name, found in draw(st.permutations(members))
    ]
    text = draw(BLANK) + "{" + ",".join(parts) + "}" + draw(BLANK)
    found = text.encode("utf-8", draw(st.sampled_from(["surrogatepass", "replace"])))
    if draw(st.integers(0, 9)):
        return found
    at = draw(st.integers(0, len(found) - 1))
    return found[:at] + draw(st.binary(max_size=2)) + found[at + draw(st.integers(0, 2)) :]


@given(body=bodies())
@example(body=b'{"page":"a","timestamp":"2025-07-16T10:00:00Z"}')
@example(body=b'{"page":"timestamp","timestamp":"2025-07-16T10:00:00Z","page":"a"}')
def test_what_the_fast_one_reads_the_judge_reads_as_well(body: bytes) -> None:
    found = usual_view(body, NOW, 10)
    assert found is None or found == judged(body)
