import re
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.agents.classes import Agent
from domain.agents.keeping import keeping_of
from domain.agents.labels import MAX_CHARACTERS, label_of, parser_version
from domain.agents.products import has_address
from domain.agents.robots import class_of
from domain.agents.viewers import KEPT, usable
from tests.unit.domain.agents.real import real_agents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Pro Build/UQ1A.240105.004)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
GOOGLE = "+http://www.google.com/bot.html"


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (
            f"{WINDOWS} {WEBKIT} Chrome/126.0.6478.127 Safari/537.36",
            "Chrome/126 (Windows)",
        ),
        (
            f"{ANDROID} {WEBKIT} Chrome/126.0.6478.71 Mobile Safari/537.36",
            "Chrome Mobile/126 (Android)",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari/17 (iOS)",
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; GTB7.2; SLCC2; "
            ".NET CLR 2.0.50727; InfoPath.2; 00:0c:29:5e:af:01)",
            "IE/8 (Windows)",
        ),
        # Not the name of the house, which the list has a robot of.
        (
            f"{WINDOWS} {WEBKIT} Chrome/86.0.4240.185 YaBrowser/20.11.2 Safari/537.36",
            "YaBrowser/20 (Windows)",
        ),
        (f"Mozilla/5.0 (compatible; Googlebot/2.1; {GOOGLE})", "Googlebot +http"),
        (
            f"{ANDROID} {WEBKIT} Chrome/126.0.6478.71 Mobile Safari/537.36 (compatible; "
            f"Googlebot/2.1; {GOOGLE})",
            "Googlebot +http",
        ),
        ("python-requests/2.32.3", "python-requests"),
        # Without the slash the list does not know it.
        ("Java/17.0.1", "Java/"),
        ("Digg Feed Fetcher 1.0 (someone@example.com)", "Digg Feed Fetcher +http"),
        # The list knows it by what is left out.
        (f"Mozilla/5.0 (X11; Datanyze; Linux x86_64) {WEBKIT} Chrome/65.0.3325.181", "bot"),
        ("Mozilla/4.0 (compatible;)", "other"),
        ("MyApp/1.2 (0d6f9a7c-5f5e-4a53-8e5a-1f9d2f6f7a10; x 192.0.2.7) id-83726451", "MyApp"),
        ("Mine83726451/1 (Linux)", "other"),
        ("日本語のブラウザ", "other"),
        ("-", ""),
        ("", ""),
        ("Firefox\x1b[2J", ""),
        ("x" * 4_097, ""),
    ],
)
def test_of_an_agent_a_label_is_kept(agent: str, label: str) -> None:
    assert label_of(agent) == label


def test_of_real_agents_the_label_is_enough_for_the_class() -> None:
    wrong = [
        agent
        for agent in real_agents()
        if class_of(label_of(agent), "label") is not class_of(agent, "full")
    ]
    assert wrong == []


def test_many_real_agents_share_a_label() -> None:
    persons = {agent for agent in real_agents() if class_of(agent, "full") is Agent.PERSON}
    assert len({*map(label_of, persons)}) < len(persons) * 2 / 3


# What agents are made of, in any order.
_PIECES = st.sampled_from(
    [
        *(
            "Mozilla/5.0",
            "Opera/9.80",
            " (compatible; ",
            "; ",
            ")",
            "(",
            " ",
            "/",
            "+http",
            "https://a.b/c",
        ),
        *("Googlebot/2.1", "curl/8", "Java/1.8", "Chrome/126.0", "Firefox/128", "Windows NT 10.0"),
        *(
            "YaBrowser/20",
            "Yandex",
            "bot",
            "other",
            "Android 14",
            "rv:128.0",
            "Version/17",
            "a@b.cc",
        ),
        *(
            "Chrome/126 (Windows)",
            "AppName",
            "x" * 40,
            "1234567",
            "n83726451/1",
            "é",
            "\u2028",
            "\x07",
            "-",
            "[",
            "'",
        ),
    ]
)
AGENTS = st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=300)


@given(AGENTS)
@example("Name/1 (Linux)")
@example("Googlebot/2 (Linux)")
def test_a_label_says_of_its_class_what_the_agent_does(agent: str) -> None:
    assert class_of(label_of(agent), "label") is class_of(agent, "full")


@given(AGENTS)
def test_the_label_of_a_label_is_itself(agent: str) -> None:
    label = label_of(agent)
    assert label_of(label) == label


@given(AGENTS | st.text(min_size=4_000, max_size=5_000))
def test_a_label_is_short_plain_text(agent: str) -> None:
    label = label_of(agent)
    assert len(label) <= MAX_CHARACTERS
    assert re.fullmatch(r"[A-Za-z0-9 ./+_()-]*", label)
    names = re.sub(r"/\d{1,3} ", " ", label)
    assert all(sum(map(str.isdigit, name)) <= 3 for name in re.split("[ ()]", names))


@given(st.sampled_from(sorted(KEPT)), AGENTS | st.text(min_size=500, max_size=1_100))
def test_what_is_kept_can_be_in_the_log_and_has_the_class_of_the_agent(
    kept: str, agent: str
) -> None:
    text = keeping_of(kept).text_of(agent)
    assert text == "" or usable(text)
    assert class_of(text, kept) is class_of(agent, "full")


def test_of_a_whole_agent_the_first_512_bytes_are_kept() -> None:
    text_of = keeping_of("full").text_of
    assert text_of("  Firefox\t128 ") == "Firefox 128"
    assert text_of("é" * 300) == "é" * 256
    assert text_of("a" * 511 + "é") == "a" * 511


def test_of_the_class_nothing_else_is_kept() -> None:
    text_of = keeping_of("class").text_of
    assert [text_of(agent) for agent in ("curl/8", "Firefox/1", "-")] == ["robot", "person", ""]


@pytest.mark.parametrize(
    "agent",
    [
        "Foo/1.0 a1b2c3d4e5f6a7b8",
        "Foo/1.0 host-192-0-2-33.example.net",
        "Foo ip-10-0-0-1",
        "Foo/1 1ab2cd3ef4gh",
    ],
)
def test_a_word_with_many_digits_is_no_name(agent: str) -> None:
    assert label_of(agent) == "Foo"


@pytest.mark.parametrize("agent", ["a1b2c3d4/1 (Linux)", "Foo/1 (ip-10-0-0-1)"])
def test_nor_is_it_where_the_agent_looks_like_a_label(agent: str) -> None:
    assert not re.search(r"\d.*\d", label_of(agent))


def test_a_word_takes_no_time_that_grows_with_its_square() -> None:
    begin = process_time()
    assert not has_address("a" * 20_000)
    assert process_time() - begin < 0.2


def test_what_texts_are_made_by_is_named() -> None:
    assert parser_version().startswith("ua-parser-builtins 20")
    assert parser_version() in keeping_of("label").data
    assert "crawlerdetect" in keeping_of("class").data
    assert keeping_of("full").data == ""
