"""What the description says of all that may be asked."""

from cli.wiring.web import api_description
from web.openapi import describe

ALWAYS = ("/health", "/problems/{name}", "/ready", "/schema")


def test_whatever_may_be_asked_too_often_says_so() -> None:
    described: dict[str, dict[str, dict[str, dict[str, object]]]] = dict(api_description())["paths"]  # type: ignore[assignment]
    told = {
        path: all("429" in operation["responses"] for operation in operations.values())
        for path, operations in described.items()
    }
    assert sorted(path for path, limited in told.items() if not limited) == list(ALWAYS)


def test_what_is_refused_there_is_described_once() -> None:
    (found,) = describe("1", {})["components"]["responses"].values()
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} == set(found["headers"])
    (example,) = found["content"]["application/problem+json"]["examples"].values()
    assert (example["value"]["status"], example["value"]["outcome"]) == (429, "none")
