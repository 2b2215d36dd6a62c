"""What is kept of a user agent by default: a label, which many viewers share.

Of a browser its family, major version and system: `Firefox/128 (Windows)`. Of anything else the
names of its products: `Googlebot +http`, where `+http` stands for an address that it names.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from importlib.metadata import version

from domain.agents.products import Product, has_address, products, tells_one_apart
from domain.agents.robots import is_robot
from domain.agents.texts import cleaned

MAX_CHARACTERS = 120

_DATA = "ua-parser-builtins"
_MOST_HELD = 4_096
_MOST_NAMES = 6
_OTHER, _ROBOT, _ADDRESS = "other", "bot", " +http"
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z .+_-]|\d(?!\d{3})){0,39}")
_MAJOR = re.compile(r"\d{1,3}")
_BROWSER = re.compile(r"(?:Mozilla|Opera)/\d")
_OF_BROWSER = re.compile(rf"({_NAME.pattern})/{_MAJOR.pattern} \(({_NAME.pattern})\)")
_BY_THEMSELVES = {"Yandex Browser": "YaBrowser", "Mail.ru Chromium Browser": "MRCHROME"}
"""Families that are called like a robot of the same house: what they call themselves."""


def parser_version() -> str:
    """The data that labels are made by, and their version."""
    return f"{_DATA} {version(_DATA)}"


def label_of(text: str) -> str:
    """The label of an agent, empty where that says nothing. Never raises.

    A label's label is itself. Whether it is a robot's, the list says of it as of the whole agent.
    """
    agent = cleaned(text)
    return _label(agent) if agent else ""


@lru_cache(maxsize=_MOST_HELD)
def _label(agent: str) -> str:
    wanted = is_robot(agent)
    # What the list finds in the names alone may not be what it found in the whole agent.
    return next(label for label in _candidates(agent, wanted) if is_robot(label) is wanted)


def _candidates(agent: str, robot: bool) -> Iterator[str]:
    """Labels, the best first; the last is certain to be of the right class."""
    written = _OF_BROWSER.fullmatch(agent)
    if written and not any(map(tells_one_apart, written.groups())):
        yield agent
    if not robot and _BROWSER.match(agent):
        yield from _of_browser(agent)
    found = list(dict.fromkeys(products(agent)))
    address = _ADDRESS if has_address(agent) else ""
    if robot or found:
        yield from _of_products(found, address)
    if robot:
        yield from _of_products([Product(_ROBOT), *found], address)
        yield _ROBOT
    yield _OTHER + address
    yield _OTHER


def _of_browser(agent: str) -> Iterator[str]:
    family, major, system = _parser()(agent)
    family = _BY_THEMSELVES.get(family, family)
    if _MAJOR.fullmatch(major):
        behind = f"/{major} ({system if _is_name(system) else _OTHER})"
        if _is_name(family):
            yield family + behind
        yield "Browser" + behind


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and not tells_one_apart(text)


def _of_products(found: Iterable[Product], address: str) -> Iterator[str]:
    """The names, and where that is not enough for the list, with the slash before their version."""
    names = [*found][:_MOST_NAMES]
    for words in ([one.name for one in names], [one.name + "/" * one.slash for one in names]):
        label = " ".join(_fitting(dict.fromkeys(words), MAX_CHARACTERS - len(address)))
        if label:
            yield label + address


def _fitting(words: Iterable[str], room: int) -> Iterator[str]:
    for word in words:
        room -= len(word) + 1
        if room < 0:
            return
        yield word


@cache
def _parser() -> Callable[[str], tuple[str, str, str]]:
    """What finds family, major version and system; empty what is not there."""
    # Here: whoever makes no label does not pay for it.
    from ua_parser.core import Domain
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    browsers, systems, _ = load_lazy_builtins()
    resolve = Resolver((browsers, systems, []))
    wanted = Domain.USER_AGENT | Domain.OS

    def parse(agent: str) -> tuple[str, str, str]:
        found = resolve(agent, wanted)
        browser, system = found.user_agent, found.os
        if browser is None:
            return "", "", ""
        return browser.family, browser.major or "", system.family if system else ""

    return parse
