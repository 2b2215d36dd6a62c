"""The dashboard, in OpenAPI 3.1: that it is there, for who reads what there is."""

from domain.keys import Right
from web.openapi import Paths, json_response

_SESSION = {
    "type": "object",
    "required": ["signed_in", "needs_key", "rights", "sites", "public"],
    "additionalProperties": False,
    "properties": {
        "signed_in": {"type": "boolean", "description": "A key came with it, and counts."},
        "needs_key": {
            "type": "boolean",
            "description": "Whether there are keys at all; where there are none, all is open.",
        },
        "rights": {
            "type": "array",
            "items": {"type": "string", "enum": [right.value for right in Right]},
            "description": "What may be asked. A browser that is signed in never appends.",
        },
        "sites": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "The only ones that may be known of; null: all.",
        },
        "public": {
            "type": "boolean",
            "description": "What is told is what everybody is told (PUBLIC_SITES).",
        },
    },
}
_SIGNED_IN = {
    "signed_in": True,
    "needs_key": True,
    "rights": ["read"],
    "sites": ["example.com"],
    "public": False,
}

PATHS: Paths = {
    "/": {
        "get": {
            "operationId": "dashboard",
            "summary": "The dashboard, for people.",
            "description": (
                "A page that asks what stands under /stats, as any client may; needs no key "
                "itself. Also at /pages and /operations."
            ),
            "responses": {
                "200": {
                    "description": "The page, packed with gzip for whoever takes that.",
                    "content": {"text/html": {"schema": {"type": "string"}}},
                },
                "304": {"description": "The client holds it already (If-None-Match)."},
            },
        }
    },
    "/session": {
        "get": {
            "operationId": "session",
            "summary": "Who asks, and what they may know.",
            "description": (
                "By the key that is sent, or the one that a browser keeps since it was signed in "
                "(/sign-in). Anybody may ask."
            ),
            "responses": {"200": json_response("That.", _SESSION, _SIGNED_IN)},
        }
    },
}
