"""Any filters at all, against a second reading of them that is slow and plain."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import SITE, Plausible, hour

PAGE = "event:page"
PAGES = {path: 2**at for at, path in enumerate(["", "/", "/a", "/A", "/a/b", "/é", "/É/a", "/b?a"])}
AT = hour("2025-07-15T10")
CLIENT = Plausible(FakeStats({(AT, f"{SITE}{path}"): views for path, views in PAGES.items()}))
VALUES = st.lists(st.sampled_from([*PAGES, "a", "É", "b?", "x"]), min_size=1, max_size=2)
PATTERNS = st.lists(
    st.sampled_from(["^/", "a$", "(?i)é", r"b\?", "^$", "x"]), min_size=1, max_size=2
)
OPERATORS = ["is", "is_not", "contains", "contains_not", "matches", "matches_not"]


@st.composite
def simple(draw: st.DrawFn) -> list[Any]:
    how = draw(st.sampled_from(OPERATORS))
    if how.startswith("matches"):
        return [how, PAGE, draw(PATTERNS)]
    modifier = draw(st.sampled_from([[], [{"case_sensitive": False}], [{"case_sensitive": True}]]))
    return [how, PAGE, draw(VALUES), *modifier]


FILTERS = st.recursive(
    simple(),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner).map(list),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)).map(
            list
        ),
    ),
    max_leaves=5,
)


def passes(found: list[Any], path: str) -> bool:
    """What the contract says of one filter."""
    operator = found[0]
    if operator == "not":
        return not passes(found[1], path)
    if operator in ("and", "or"):
        each = [passes(part, path) for part in found[1]]
        return all(each) if operator == "and" else any(each)
    values = found[2]
    if found[3:] == [{"case_sensitive": False}]:
        path, values = path.lower(), [value.lower() for value in values]
    how = operator.removesuffix("_not")
    held: Any = {
        "is": lambda value: value == path,
        "contains": lambda value: value in path,
        "matches": lambda value: re.search(value, path) is not None,
    }[how]
    return any(map(held, values)) is (how == operator)


@settings(max_examples=60)
@given(st.lists(FILTERS, max_size=2), st.sampled_from([[], [PAGE], ["time:day"]]))
async def test_filters_are_read_as_they_are_written(filters: Any, dimensions: list[str]) -> None:
    found = (await CLIENT.query(filters=filters, dimensions=dimensions)).json["results"]
    wanted = {
        path: views for path, views in PAGES.items() if all(passes(each, path) for each in filters)
    }
    if dimensions == [PAGE]:
        assert {row["dimensions"][0]: row["metrics"][0] for row in found} == wanted
    else:
        assert sum(row["metrics"][0] for row in found) == sum(wanted.values())
