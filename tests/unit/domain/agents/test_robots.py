import time

import pytest
from crawlerdetect import CrawlerDetect
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.classes import Agent
from domain.agents.robot_list import list_version
from domain.agents.robots import class_of, is_robot, name_of
from domain.agents.viewers import KEPT
from tests.unit.domain.agents.real import real_agents

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, Agent.PERSON),
        (GOOGLE, Agent.ROBOT),
        ("curl/8.5.0", Agent.ROBOT),
        ("python-requests/2.32.3", Agent.ROBOT),
        ("Wget/1.21.4", Agent.ROBOT),
        ("Java/17.0.1", Agent.ROBOT),
        ("node", Agent.ROBOT),
        ("Mozilla/5.0 Node/v20.20.2", Agent.ROBOT),
        ("Deno/2.1.4", Agent.ROBOT),
        ("Bun/1.1.38", Agent.ROBOT),
        (f"{FIREFOX} Bunting/1", Agent.PERSON),
        ("Nobody knows this one/1.0", Agent.PERSON),
        ("", Agent.UNKNOWN),
        ("-", Agent.UNKNOWN),
        (" \t ", Agent.UNKNOWN),
        ("curl\x00/8", Agent.UNKNOWN),
        ("\ud800", Agent.UNKNOWN),
        ("a" * 4_097, Agent.UNKNOWN),
        ("a" * 4_096, Agent.PERSON),
    ],
)
def test_who_it_was_by_a_whole_agent(agent: str, expected: Agent) -> None:
    assert class_of(agent, "full") is expected


def test_what_is_kept_says_how_a_text_is_read() -> None:
    assert class_of("robot", "class") is Agent.ROBOT
    assert class_of("person", "class") is Agent.PERSON
    assert class_of("robot of another kind", "class") is Agent.UNKNOWN
    assert class_of("Firefox/128 (Windows)", "label") is Agent.PERSON
    assert class_of("Googlebot +http", "label") is Agent.ROBOT
    assert class_of("curl", "what is kept one day") is Agent.UNKNOWN


def test_a_class_has_a_name_by_which_it_is_kept() -> None:
    assert {class_of(name_of(agent), "class") for agent in Agent} == {*Agent}
    assert name_of(Agent.UNKNOWN) == ""


def test_the_list_is_named_with_its_version() -> None:
    name, version = list_version().split()
    assert name == "crawlerdetect"
    assert version[0].isdigit()


def _library(agent: str) -> bool:
    return bool(CrawlerDetect().is_crawler(agent))


def test_the_list_says_what_its_library_says_of_real_agents() -> None:
    assert len(real_agents()) > 100
    wrong = [agent for agent in real_agents() if is_robot(agent) is not _library(agent)]
    assert wrong == []
    assert any(map(is_robot, real_agents()))


# Whatever the list is made of, the shapes of its regular expressions among it.
_PIECES = st.sampled_from(
    [
        *(
            "Mozilla/5.0",
            "(compatible;",
            "Go ",
            "1.1",
            " package http",
            "Ruby",
            "Ruby/",
            "2",
            "Java",
        ),
        *(
            "YandexSearch",
            "Yandex",
            "Daumoa/3",
            "b0t",
            "Fetch/",
            "Googlebot",
            "-",
            " ",
            "cubot",
            ")",
        ),
        *("Sitemap Generator", "Sitemaps", "DebugBear", "Project25499", "Y!J-ABC", "^", "\\", "İ"),
        *("^Java/", "git/2", "a", "outbrain", "NewsBlur x Finder", "xpymep1.exe", "HAARTLAND"),
    ]
)


@given(st.lists(_PIECES, max_size=8).map("".join))
def test_the_list_says_what_its_library_says_of_any_text(agent: str) -> None:
    assert is_robot(agent) is _library(agent)


@given(st.text(max_size=5_000), st.sampled_from([*KEPT, "", "other"]))
def test_any_text_has_a_class(text: str, kept: str) -> None:
    assert class_of(text, kept) in Agent


@pytest.mark.parametrize("piece", ["a", "a-", "Java", "Mozilla.", "0_", " ", "Go 1", "(", "bo"])
def test_no_text_takes_long(piece: str) -> None:
    is_robot("x")
    begin = time.process_time()
    is_robot((piece * 512)[:512])
    # The library takes 25 ms of some on the machine on which this takes one.
    assert time.process_time() - begin < 0.02
