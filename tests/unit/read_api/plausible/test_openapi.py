"""The description of these questions: their parameters, and the shape of their answers."""

import json
from typing import Any

import jsonschema_rs
import pytest

from read_api.plausible.openapi import PATHS
from read_api.plausible.query import FIELDS
from tests.unit.read_api.plausible.site import ASKED, SITE, plausible, refused

QUERY = PATHS["/api/v2/query"]["post"]
GETS = {
    path.removeprefix("/api/v1/stats/"): told["get"]
    for path, told in PATHS.items()
    if "get" in told
}
ASKED_ALL = {
    **ASKED,
    "dimensions": ["event:page", "time:day"],
    "filters": [["not", ["is", "event:page", ["/"], {"case_sensitive": False}]]],
    "order_by": [["pageviews", "asc"], ["time:day", "desc"]],
    "include": {"imports": True, "time_labels": True, "total_rows": True},
    "pagination": {"limit": 10, "offset": 0},
}


def valid(found: Any, schema: Any) -> None:
    jsonschema_rs.validator_for(schema).validate(found)


def of_answers(told: Any) -> Any:
    return told["responses"]["200"]["content"]["application/json"]


def test_every_field_is_described() -> None:
    schema = QUERY["requestBody"]["content"]["application/json"]["schema"]
    assert tuple(schema["properties"]) == FIELDS


@pytest.mark.parametrize("asked", [ASKED, ASKED_ALL, {**ASKED, "date_range": "11d"}])
async def test_a_question_and_its_answer_have_the_shapes_that_are_described(asked: Any) -> None:
    valid(asked, QUERY["requestBody"]["content"]["application/json"]["schema"])
    found = await plausible().post(json.dumps(asked).encode())
    valid(found.json, of_answers(QUERY)["schema"])
    valid(of_answers(QUERY)["example"], of_answers(QUERY)["schema"])


@pytest.mark.parametrize("name", ["aggregate", "timeseries", "breakdown"])
async def test_every_parameter_is_described_and_every_other_refused(name: str) -> None:
    described = [each["name"] for each in GETS[name]["parameters"]]
    told = refused(await plausible().get(name, f"site_id={SITE}&unknown=1"))
    assert told.endswith(f"there are {', '.join(described)}")


async def test_examples_of_refusals_are_refusals() -> None:
    found = await plausible().query(metrics=["visitors"])
    (example,) = QUERY["responses"]["400"]["content"]["application/problem+json"][
        "examples"
    ].values()
    assert example["value"].keys() == found.json.keys()
