"""Which names filters let through.

Patterns are strangers': RE2 takes time that grows with the pattern times the name and no more, and
both are bounded.
"""

from collections.abc import Callable, Sequence

import re2

from read_api.plausible.filters import Filter, Leaf
from read_api.plausible.refusing import quoted, wrong

MOST_STEPS = 5_000
"""Of the programs that the patterns of a question become, in all."""
_MEMORY_BYTES = 1 << 20

Test = Callable[[str], bool]
Naming = Callable[[str], str]
"""From a name as it is asked for to the one it is counted under."""


def test_of(filters: Sequence[Filter], naming: Naming) -> Test:
    """Whether a name passes all. Raises `RequestRefused` for a pattern that is none."""
    patterns = _Patterns()
    return _all([_test(each, naming, patterns) for each in filters])


def any_like(texts: Sequence[str]) -> Sequence[str]:
    """Patterns of texts in which `*` stands for any characters."""
    return [rf"(?s)\A{'.*'.join(map(re2.escape, text.split('*')))}\z" for text in texts]


class _Patterns:
    """Compiles, and counts how much it came to."""

    def __init__(self) -> None:
        self._steps = 0
        self._options = re2.Options()
        self._options.max_mem = _MEMORY_BYTES
        self._options.log_errors = False

    def compiled(self, pattern: str) -> Test:
        try:
            found = re2.compile(pattern, self._options)
        except re2.error as error:
            why = error.args[0].decode(errors="replace") if error.args else "it cannot be read"
            raise wrong("/filters", f"{quoted(pattern)} is no pattern of RE2, {why}") from None
        self._steps += found.programsize
        if self._steps > MOST_STEPS:
            raise wrong("/filters", "the patterns are too long: ask in several questions")
        return lambda name: found.search(name) is not None


def _test(found: Filter, naming: Naming, patterns: _Patterns) -> Test:
    if isinstance(found, Leaf):
        test = _any_of(found, naming, patterns)
        return _none_of(test) if found.inverted else test
    parts = [_test(each, naming, patterns) for each in found.parts]
    match found.how:
        case "and":
            return _all(parts)
        case "or":
            return _any(parts)
        case _:
            return _none_of(parts[0])


def _any_of(leaf: Leaf, naming: Naming, patterns: _Patterns) -> Test:
    folded: Naming = _same if leaf.case_sensitive else str.casefold
    match leaf.how:
        case "is":
            values = frozenset(
                folded(each) for value in leaf.values for each in (value, naming(value))
            )
            return lambda name: folded(name) in values
        case "contains":
            return _holding([folded(value) for value in leaf.values], folded)
        case _:
            return _any([patterns.compiled(pattern) for pattern in leaf.values])


def _holding(texts: Sequence[str], folded: Naming) -> Test:
    def holds(name: str) -> bool:
        found = folded(name)
        return any(text in found for text in texts)

    return holds


def _same(text: str) -> str:
    return text


def _all(tests: Sequence[Test]) -> Test:
    return lambda name: all(test(name) for test in tests)


def _any(tests: Sequence[Test]) -> Test:
    return lambda name: any(test(name) for test in tests)


def _none_of(test: Test) -> Test:
    return lambda name: not test(name)
