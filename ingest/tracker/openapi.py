"""The scripts, in OpenAPI 3.1."""

from typing import Any

from ingest.tracker.making import NEWEST
from web.openapi import Paths


def _script(name: str, summary: str, description: str) -> dict[str, Any]:
    held = {"description": "The client holds it already (If-None-Match)."}
    found = {
        "description": "The script, packed with gzip for whoever takes that.",
        "content": {"application/javascript": {"schema": {"type": "string"}}},
    }
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": description,
            "responses": {"200": found, "304": held},
        }
    }


PATHS: Paths = {
    "/tracker.js": _script(
        "tracker",
        "The script that counts a website's views.",
        "A page has it in a tag, with its site in `data-domain`: docs/tracker.md. Kept for a day.",
    ),
    f"/tracker-{NEWEST}.js": _script(
        "trackerVersion",
        "A version of it that never changes.",
        "For tags with `integrity`. Kept for ever.",
    ),
    "/js/script.js": _script(
        "plausibleScript",
        "The script for a tag of Plausible's.",
        "Also as `script.hash.manual.js` and the like, `plausible.js`, `analytics.js`, `index.js` "
        "and `pa-….js`; a name that means no script is not found. Kept for a day.",
    ),
}
