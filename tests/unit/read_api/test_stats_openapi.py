"""The description of statistics: its examples are answers, its parameters are those there are."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from read_api.stats import shapes
from read_api.stats.asking import ENDPOINTS
from read_api.stats.openapi import PATHS
from read_api.stats.openapi_answers import ANSWERS
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import Site

TYPES = {
    "views": shapes.Views,
    "pages": shapes.Pages,
    "sites": shapes.Sites,
    "sources": shapes.Sources,
    "movers": shapes.Movers,
    "hours-of-week": shapes.HoursOfWeek,
    "bounds": shapes.Bounds,
}
WITHOUT = {"/stats/state", "/stats/operations"}
QUERIES = ["", "compare=year", "compare=previous&trend=3"]


def valid(found: Any, name: str) -> None:
    jsonschema_rs.validator_for(ANSWERS[name].schema).validate(found)


@pytest.mark.parametrize("name", TYPES)
def test_an_example_has_the_shape_that_is_described(name: str) -> None:
    example = ANSWERS[name].example
    valid(example, name)
    assert msgspec.to_builtins(msgspec.convert(example, TYPES[name])) == example


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_answers_have_the_shape_that_is_described(endpoint: Any) -> None:
    asked = 0
    for query in QUERIES:
        if all(part.split("=")[0] in ("", *endpoint.names) for part in query.split("&")):
            found = await Site(FakeStats()).get(f"/stats/{endpoint.name}", query.encode())
            valid(found.json, endpoint.name)
            asked += 1
    assert asked


async def test_an_export_has_the_shape_that_is_described() -> None:
    valid((await Site().get("/export/hourly", b"format=json")).json, "export")


@pytest.mark.parametrize("path", [path for path in PATHS if path not in WITHOUT])
async def test_every_parameter_is_described_and_every_other_refused(path: str) -> None:
    parameters = PATHS[path]["get"]["parameters"]
    described = [each["name"] for each in parameters if each["in"] == "query"]
    refusal = (await Site().get(path, b"unknown=1")).json["detail"]
    assert refusal.endswith(f"there are {', '.join(described)}")
