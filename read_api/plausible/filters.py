"""Filters of a question, as they are written in its body."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from read_api.plausible.refusing import quoted, wrong
from read_api.plausible.words import ANY_OF, PAGE, SOURCE, UNITS, dimension_fault

MOST_DEPTH = 50
"""Filters within filters."""

_OF_CASE = ("is", "is_not", "contains", "contains_not")
_OF_PATTERNS = ("matches", "matches_not")
OPERATORS = (*_OF_CASE, *_OF_PATTERNS)
_OF_LISTS = ("and", "or")
_NOT = "not"
_BEHAVIOUR = ("has_done", "has_not_done")
_CASE = "case_sensitive"
_HOW = f'write ["is", "{PAGE}", ["/pricing"]], with one of {", ".join(OPERATORS)}'


class Leaf(Struct, frozen=True):
    """Names that are, hold or match any of `values`; those that do not where `inverted`."""

    dimension: str
    how: str
    values: Sequence[str]
    inverted: bool = False
    case_sensitive: bool = True


class Joined(Struct, frozen=True):
    """All of `parts` where `how` is "and", any of them where it is "or", not the one by "not"."""

    how: str
    parts: Sequence["Filter"]


Filter = Leaf | Joined


def read_filters(value: object, place: str = "/filters") -> Sequence[Filter]:
    """All of them have to hold. Raises `RequestRefused`."""
    if not isinstance(value, list):
        raise wrong(place, f"Invalid filters {quoted(value)}: send a list of filters")
    return [_read(each, f"{place}/{at}", 1) for at, each in enumerate(value)]


def leaves(filters: Sequence[Filter]) -> Iterator[Leaf]:
    """All that names are held against."""
    for each in filters:
        if isinstance(each, Leaf):
            yield each
        else:
            yield from leaves(each.parts)


def _read(value: object, place: str, depth: int) -> Filter:
    if depth > MOST_DEPTH:
        raise wrong(place, f"filters may be nested {MOST_DEPTH} deep: write it flatter")
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise wrong(place, f"Invalid filter {quoted(value)}: {_HOW}")
    operator: str = value[0]
    if operator in _BEHAVIOUR:
        sentence = (
            f"{operator} cannot be answered, views are kept here and not who made them: leave it "
            "out"
        )
        raise wrong(f"{place}/0", sentence)
    if operator in _OF_LISTS or operator == _NOT:
        return Joined(operator, _parts(value, place, depth))
    if operator not in OPERATORS:
        raise wrong(f"{place}/0", f"Invalid operator {quoted(operator)}: {_HOW}")
    return _leaf(value, operator, place)


def _parts(value: Sequence[object], place: str, depth: int) -> Sequence[Filter]:
    operator, within = value[0], f"{place}/1"
    if len(value) != len((operator, within)):
        raise wrong(place, f"{operator} takes one more element, what it is about")
    if operator == _NOT:
        return [_read(value[1], within, depth + 1)]
    parts = value[1]
    if not isinstance(parts, list) or not parts:
        raise wrong(within, f"{operator} takes a list of at least one filter")
    return [_read(each, f"{within}/{at}", depth + 1) for at, each in enumerate(parts)]


def _leaf(value: Sequence[object], operator: str, place: str) -> Leaf:
    bare = len(("operator", "dimension", "values"))
    if not bare <= len(value) <= bare + 1:
        raise wrong(place, f"a filter of {operator} has 3 elements, or 4: {_HOW}")
    dimension = value[1]
    if fault := dimension_fault_of_filters(dimension):
        raise wrong(f"{place}/1", fault)
    case_sensitive = True
    if len(value) > bare:
        case_sensitive = _modified(value[bare], operator, f"{place}/{bare}")
    how = operator.removesuffix("_not")
    values = _values(value[2], f"{place}/2")
    return Leaf(str(dimension), how, values, how != operator, case_sensitive)


def dimension_fault_of_filters(dimension: object) -> str | None:
    """Why nothing can be filtered by it, and by what instead; None where it can."""
    if isinstance(dimension, str) and dimension in UNITS:
        return f"{dimension} cannot be filtered by: write date_range instead"
    fault = dimension_fault(dimension)
    return fault and fault.replace(ANY_OF, f": filter by {PAGE} or {SOURCE}", 1)


def _modified(value: object, operator: str, place: str) -> bool:
    if operator in _OF_PATTERNS:
        raise wrong(place, f"{operator} has 3 elements: write (?i) into the pattern for any case")
    if not isinstance(value, Mapping) or list(value) != [_CASE]:
        raise wrong(place, f'Invalid modifier {quoted(value)}: write {{"{_CASE}": false}}')
    if not isinstance(value[_CASE], bool):
        raise wrong(f"{place}/{_CASE}", "it is true or false")
    return value[_CASE] is True


def _values(value: object, place: str) -> Sequence[str]:
    if not isinstance(value, list) or not value:
        raise wrong(place, "it takes a list of at least one text")
    for at, each in enumerate(value):
        if not isinstance(each, str):
            raise wrong(f"{place}/{at}", f"{quoted(each)} is no text")
    return value
