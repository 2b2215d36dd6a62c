"""Under which name a page is counted."""

from random import Random
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SettingsError
from domain.page_rules import NO_RULES, RULES, PageRules

SCHEMES = st.sampled_from(["", "http://", "HTTPS://", "://", "//", "mailto:"])
PARTS = st.sampled_from(
    [
        "Example.COM",
        "example.com",
        "例え.JP",
        "/",
        "//",
        "?",
        "#",
        "Path",
        "Q=http://X/Y",
        "İ",
        "ẞ",
        "%",
        "%4",
        "%41",
        "%c3",
        "1",
    ]
)
PAGES = st.one_of(
    st.text(min_size=1, max_size=40),
    st.builds(lambda scheme, parts: scheme + "".join(parts), SCHEMES, st.lists(PARTS, min_size=1)),
)
CHOSEN = st.lists(st.sampled_from([*RULES]), unique=True).map(",".join)


@pytest.mark.parametrize(
    ("rules", "page", "name"),
    [
        ("", "Example.com/a/?q#f", "Example.com/a/?q#f"),
        ("strip-fragment", "example.com/a#b#c", "example.com/a"),
        ("strip-query", "example.com/a?b=1?c", "example.com/a"),
        ("strip-query", "example.com/a?b=1#c", "example.com/a"),
        ("strip-trailing-slash", "example.com/a//", "example.com/a"),
        ("strip-trailing-slash", "/", "/"),
        ("lower-host", "EXAMPLE.com/Path", "example.com/Path"),
        ("lower-host", "HTTPS://Example.COM/Path", "https://example.com/Path"),
        ("lower-host", "EXAMPLE.com", "example.com"),
        ("lower-host", "Example.com?Q=A", "example.com?Q=A"),
        ("lower-host", "Example.com#Top", "example.com#Top"),
        ("lower-host", "Example.com/Away?to=http://Other.com", "example.com/Away?to=http://Other.com"),
        ("lower-host", "Example.com?to=http://Other.com/A", "example.com?to=http://Other.com/A"),
        ("lower-host", "BÜCHER.de/A", "bÜcher.de/A"),
        ("lower-host,strip-query,strip-fragment,strip-trailing-slash", "A.com/B/?c#d", "a.com/B"),
        ("normalize-percent", "/%7Eann/%6Cast%2d", "/~ann/last-"),
        ("normalize-percent", "/caf%c3%a9", "/caf%C3%A9"),
        ("normalize-percent", "/a%2fb%3f%23%25", "/a%2Fb%3F%23%25"),
        ("normalize-percent", "/%2541", "/%2541"),
        ("normalize-percent", "/%%341 %4%31 %zz%41", "/%%341 %4%31 %zzA"),
        ("normalize-percent,strip-query", "/a%3fb?c", "/a%3Fb"),
        ("strip-query", "?only=a-query", "?only=a-query"),
        ("strip-fragment,strip-query", "#?", "#"),
    ],
)  # fmt: skip
def test_a_page_is_counted_under_its_name(rules: str, page: str, name: str) -> None:
    assert PageRules(rules).apply(page) == name


@given(CHOSEN, PAGES)
def test_a_name_is_its_own_name_never_empty_and_never_longer(rules: str, page: str) -> None:
    name = PageRules(rules).apply(page)
    assert PageRules(rules).apply(name) == name
    assert name
    assert len(name.encode("utf-8", "surrogatepass")) <= len(page.encode("utf-8", "surrogatepass"))


@given(st.lists(st.sampled_from(["%", "%4", "%41", "%c3", "%2f", "/", "?", "A", "1", "é"])))
def test_normal_percent_encoding_names_the_same_bytes(pieces: list[str]) -> None:
    page = "".join(pieces)
    name = PageRules("normalize-percent").apply(page)
    assert unquote_to_bytes(name) == unquote_to_bytes(page)
    assert [name.count(one) for one in "/?#"] == [page.count(one) for one in "/?#"]


@given(CHOSEN, st.randoms())
def test_it_does_not_matter_in_which_order_rules_are_named(rules: str, draw: Random) -> None:
    names = rules.split(",")
    draw.shuffle(names)
    assert PageRules(" , ".join([*names, *names])).text == PageRules(rules).text


def test_no_rules_are_none() -> None:
    assert not NO_RULES
    assert PageRules("lower-host")
    assert NO_RULES.text == ""


def test_an_unknown_rule_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="'upper-host': write any of normalize-percent, strip"):
        PageRules("lower-host,upper-host")
