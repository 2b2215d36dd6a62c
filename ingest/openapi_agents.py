"""Where user agents stand in a body, in OpenAPI 3.1."""

from domain.agents.texts import MOST_SENT
from domain.events import MAX_COUNT
from ingest.faults import MAX_AGENTS

USER_AGENT = {
    "type": "string",
    "description": (
        "The header User-Agent that the viewer's program sent, as it came. What of it is kept is "
        "the service's decision (KEEP_USER_AGENTS): by default a label such as `Firefox/128 "
        "(Windows)`. Empty, `-`, binary or over "
        f"{MOST_SENT:,} characters it says nothing, and the view counts all the same."
    ),
}
_COUNT = {"type": "integer", "minimum": 1, "maximum": MAX_COUNT}
COUNTS = {
    "oneOf": [
        _COUNT,
        {
            "type": "object",
            "propertyNames": USER_AGENT,
            "additionalProperties": _COUNT,
            "description": (
                "In place of a count: user agent to count, empty for views without one. At most "
                f"{MAX_AGENTS:,} different ones in a request."
            ),
            "examples": [{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0": 4, "": 1}],
        },
    ]
}
