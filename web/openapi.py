"""The API's description, OpenAPI 3.1: what every role shares, and putting parts together."""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.keys import Caller, Right
from domain.problems import KINDS, NOT_FOUND, OVERLOADED, PROBLEMS, TOO_MANY_REQUESTS
from web.lock import NO_KEY, Caught, locked_out
from web.problems import MAX_ERRORS, document, explained

Paths = Mapping[str, Any]
"""Operations that say nothing of `security` are for everybody."""

_SCHEME = "bearer"
_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "A key of the service, made by `footfall key new`. What is named beside it is the right "
        "that the key must have: `ingest`, `read` or `admin`, which may do everything. A service "
        "without keys asks for none, and takes no notice of one."
    ),
}

_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "description": "The kind, for machines; GET it for what it means and what to do.",
            "enum": [kind.reference for kind in KINDS],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to send instead."},
        "outcome": {
            "type": "string",
            "description": "Was anything appended? Only of a POST.",
            "enum": ["none", "unknown"],
        },
        "oldest": {
            "type": "string",
            "format": "date-time",
            "description": "The first moment that is accepted; only of /problems/past-horizon.",
        },
        "errors": {
            "type": "array",
            "maxItems": MAX_ERRORS,
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body, or the parameter's name.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


_SECONDS: dict[str, Any] = {
    "description": "Seconds after which another try makes sense.",
    "schema": {"type": "integer"},
}


def json_response(description: str, schema: Mapping[str, Any], example: Any) -> dict[str, Any]:
    """A response of JSON with an example."""
    return {
        "description": description,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def problem_response(description: str, *examples: Mapping[str, Any]) -> dict[str, Any]:
    """A refusal, with a document for each kind it may be of."""
    named = {example["type"].removeprefix(PROBLEMS): {"value": example} for example in examples}
    response: dict[str, Any] = {
        "description": description,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": named,
            }
        },
    }
    if examples[0]["status"] in (503, 504):
        response["headers"] = {"Retry-After": _SECONDS}
    return response


def locked(paths: Paths, right: Right) -> Paths:
    """`paths` with what they ask for, and what they say to whoever lacks it."""
    return {
        path: {method: _locked(method, operation, right) for method, operation in item.items()}
        for path, item in paths.items()
    }


def _locked(method: str, operation: Mapping[str, Any], right: Right) -> Mapping[str, Any]:
    other = Caller("mfrggzdf", frozenset())
    responses = operation["responses"] | {
        "401": _lockout("No key came with it, or none that is known.", NO_KEY, right, method),
        "403": _lockout(f"The key has not the right {right.value}.", other, right, method),
    }
    return {**operation, "security": [{_SCHEME: [right.value]}], "responses": responses}


def _lockout(description: str, found: Caught, right: Right, method: str) -> Mapping[str, Any]:
    refusal = locked_out(found, right, method.upper())
    challenge = {"description": "RFC 6750.", "schema": {"type": "string"}, "required": True}
    return problem_response(description, msgspec.json.decode(refusal.body)) | {
        "headers": {"WWW-Authenticate": challenge}
    }


_TOO_MANY = {
    **problem_response(
        "One client has sent more than it may in a while.",
        document(
            TOO_MANY_REQUESTS,
            "these are more requests than one client may send: send it again in 1 s",
        ),
    ),
    "headers": {
        "Retry-After": _SECONDS,
        "RateLimit": {
            "description": "What is left, and in how many seconds there is more.",
            "schema": {"type": "string"},
            "example": '"address";r=0;t=1',
        },
        "RateLimit-Policy": {
            "description": "How much there is at most, and in how many seconds it comes back.",
            "schema": {"type": "string"},
            "example": '"address";q=2000;w=10',
        },
    },
}
_TOO_MANY_REFERENCE = {"$ref": "#/components/responses/TooManyRequests"}


def _limited(operations: Mapping[str, Any]) -> dict[str, Any]:
    """What may be asked at one path, refused to who asks too often."""
    return {
        method: {**told, "responses": {**told["responses"], "429": _TOO_MANY_REFERENCE}}
        for method, told in operations.items()
    }


def _checks(value: str, state: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "string", "const": state},
            "checks": {
                "type": "object",
                "description": (
                    "An entry a dependency: ok, or what is wrong. Where there are keys, only for "
                    "one with the right admin."
                ),
                "additionalProperties": {"type": "string"},
            },
        },
    }
    return json_response(
        f"The role is {state}.", schema, {"status": state, "checks": {"log": value}}
    )


_SHARED_PATHS: Paths = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Is the process alive?",
            "responses": {
                "200": json_response(
                    "It is.",
                    {
                        "type": "object",
                        "required": ["status"],
                        "properties": {"status": {"type": "string", "const": "ok"}},
                    },
                    {"status": "ok"},
                )
            },
        }
    },
    "/ready": {
        "get": {
            "operationId": "ready",
            "summary": "Can it do its work now?",
            "responses": {
                "200": _checks("ok", "ready"),
                "503": _checks("RabbitMQ did not answer in time", "unavailable"),
            },
        }
    },
    "/problems/{name}": {
        "get": {
            "operationId": "explainProblem",
            "summary": "What a kind of refusal means, and what to do.",
            "parameters": [
                {
                    "name": "name",
                    "in": "path",
                    "required": True,
                    "description": "The end of the `type` of a refusal.",
                    "schema": {"type": "string", "enum": [kind.name for kind in KINDS]},
                    "example": OVERLOADED.name,
                }
            ],
            "responses": {
                "200": json_response(
                    "It means that.",
                    {
                        "type": "object",
                        "required": ["type", "status", "outcome", "means", "advice"],
                        "properties": {
                            "type": {"type": "string"},
                            "status": {"type": "integer", "description": "It comes with."},
                            "outcome": {"type": "string", "enum": ["none", "unknown"]},
                            "means": {"type": "string"},
                            "advice": {"type": "string"},
                        },
                    },
                    explained(OVERLOADED),
                ),
                "404": problem_response(
                    "There is no such kind.",
                    document(
                        NOT_FOUND,
                        "there is nothing here: /schema describes what there is",
                        method="GET",
                    ),
                ),
            },
        }
    },
    "/schema": {
        "get": {
            "operationId": "schema",
            "summary": "This description.",
            "responses": {
                "200": json_response("OpenAPI 3.1.", {"type": "object"}, {"openapi": "3.1.0"})
            },
        }
    },
}


def describe(version: str, *parts: Paths) -> dict[str, Any]:
    """The whole document: the shared endpoints and `parts`."""
    paths: dict[str, Any] = {}
    for part in parts:
        paths.update({path: _limited(operations) for path, operations in part.items()})
    paths.update(_SHARED_PATHS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Footfall",
            "version": version,
            "summary": "Page-view counts you can prove.",
            "description": (
                "Views are appended to a log before they are answered and counted exactly once. "
                "Where ingest and read API run as separate roles, each serves its own part of "
                "this document besides /health, /ready and /schema. HEAD is answered wherever GET "
                "is, without the body; a path has one spelling. Every answer has a name in "
                "X-Request-Id: that of its request, where that had one of up to 128 letters, "
                "digits and . _ - itself."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {_SCHEME: _SECURITY},
            "responses": {"TooManyRequests": _TOO_MANY},
        },
    }
