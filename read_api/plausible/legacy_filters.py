"""Filters of a query string: `event:page==/a|/b;visit:source!=x`, with `*` for any characters."""

import re
from collections.abc import Sequence

from read_api.plausible.filters import Filter, Leaf, dimension_fault_of_filters
from read_api.plausible.matching import any_like
from read_api.plausible.refusing import quoted, wrong_parameter

NAME = "filters"
_ONE = re.compile(r"(?P<property>[^=!~<>]+)(?P<operator>==|!=)(?P<values>.+)", re.DOTALL)
_BETWEEN = re.compile(r"(?<!\\)\|")
_HOW = "write event:page==/a|/b;visit:source!=x, with * for any characters"


def read_legacy_filters(text: str) -> Sequence[Filter]:
    """All of them have to hold. Raises `RequestRefused`."""
    return [_read(each) for each in text.split(";") if each]


def _read(text: str) -> Leaf:
    found = _ONE.fullmatch(text)
    if found is None:
        raise wrong_parameter(NAME, f"{quoted(text)} is no filter: {_HOW}")
    dimension = found["property"].strip()
    if fault := dimension_fault_of_filters(dimension):
        raise wrong_parameter(NAME, fault)
    inverted = found["operator"] == "!="
    values = [each.replace(r"\|", "|") for each in _BETWEEN.split(found["values"])]
    if any("*" in value for value in values):
        return Leaf(dimension, "matches", any_like(values), inverted)
    return Leaf(dimension, "is", values, inverted)
