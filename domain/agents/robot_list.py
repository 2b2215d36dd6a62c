"""Which agents are robots, by a list that others keep, CrawlerDetect's, and a line of our own.

The list is of regular expressions, nearly all of which are plain names. Looked for as such it takes
an eighth of the time, and no text that a stranger makes up takes much longer than any other: the
library's own way is quadratic in the length of a word.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from itertools import chain

_LIBRARY = "crawlerdetect"
# The next number wherever the same list comes to say otherwise of any text.
_READING = 2
# What servers run scripts with calls itself so as long as nobody has it say something else: the
# list knows what libraries on top of it do. Its exclusions take the name of Mozilla out.
_RUNTIMES = (r"^(?:Mozilla/5\.0)?\s*(?:node|deno|bun)(?:\.js)?(?:/\S*)?\s*$",)
_PLAIN = r"(?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])"
_NAME = re.compile(_PLAIN + "+")
# What may be there or not is none of it.
_BEGINNING = re.compile(rf"{_PLAIN}*(?![*?{{])")
_ANY_OF = re.compile(rf"\(({_PLAIN}+(?:\|{_PLAIN}+)+)\)")
_ESCAPED = re.compile(r"\\(.)")
# What may stand in front any number of times changes nothing for who only asks whether it is there.
_ANY_NUMBER = re.compile(r"\A\[[^\]]+\]\*")

Search = Callable[[str], bool]
_Letters = tuple[str, ...]
_Robot = tuple[str, re.Pattern[str] | None]
"""What a text of it has for sure, in small letters, and the expression where that is not all."""


def list_version() -> str:
    """The list's name and version, and behind a dash which reading of it this is."""
    return f"{_LIBRARY} {version(_LIBRARY)}-{_READING}"


@cache
def search() -> Search:
    """What tells whether the list has an agent."""
    # Here: whoever asks for nothing does not pay for the list.
    from crawlerdetect.providers.crawlers import data as robots
    from crawlerdetect.providers.exclusions import data as harmless

    return _search([*robots, *_RUNTIMES], harmless)


def _search(robots: Sequence[str], harmless: Sequence[str]) -> Search:
    """What has one of `robots` in it when all that is `harmless` is taken out."""
    beginnings, anywhere = _sorted(robots)
    by_letters: dict[_Letters, list[_Robot]] = {}
    for robot in anywhere:
        by_letters.setdefault(tuple(robot[0][:3]), []).append(robot)
    always = [
        *chain.from_iterable(by_letters.pop(few, []) for few in [*by_letters] if len(few) < 3)
    ]
    take_out = re.compile("|".join(harmless), re.IGNORECASE).sub

    def is_there(agent: str) -> bool:
        left = take_out("", agent.strip())
        small = left.lower()
        if small.startswith(beginnings):
            return True
        # Of all robots only those are looked for whose first three letters are there.
        letters = by_letters.keys() & {*zip(small, small[1:], small[2:], strict=False)}
        return any(
            sure in small and (pattern is None or pattern.search(left))
            for sure, pattern in chain(always, *map(by_letters.__getitem__, letters))
        )

    return is_there


def _sorted(robots: Sequence[str]) -> tuple[tuple[str, ...], list[_Robot]]:
    """What a robot's agent may begin with, and what may stand anywhere in it."""
    beginnings: list[str] = []
    anywhere: list[_Robot] = []
    for written in robots:
        robot = _ANY_NUMBER.sub("", written)
        if _NAME.fullmatch(robot):
            anywhere.append((_plain(robot), None))
        elif any_of := _ANY_OF.fullmatch(robot):
            anywhere += ((_plain(name), None) for name in any_of[1].split("|"))
        elif robot.startswith("^") and _NAME.fullmatch(robot, 1):
            beginnings.append(_plain(robot[1:]))
        else:
            sure = _BEGINNING.match(robot.removeprefix("^"))
            plain = _plain(sure[0]) if sure and "|" not in robot else ""
            anywhere.append((plain, re.compile(robot, re.IGNORECASE)))
    return tuple(beginnings), anywhere


def _plain(name: str) -> str:
    return _ESCAPED.sub(r"\1", name).lower()
