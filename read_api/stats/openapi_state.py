"""The shape of /stats/state as JSON schema, with an example."""

from read_api.stats.openapi_answers import schema_of
from read_api.stats.state_shapes import State, Trust

# What is for operators is left out for others.
STATE_SCHEMA = schema_of(State) | {"required": schema_of(Trust)["required"]}
STATE_EXAMPLE = {
    "complete_until": "2025-07-18T12:48:31.020Z",
    "lag_seconds": 6_516,
    "generation": 3,
    "known_at": "2025-07-18T14:37:06.120Z",
    "horizon": "2024-06-13T14:00:00Z",
    "retention_days": 400,
    "database": {"answers": True},
    "partitions": [
        {
            "partition": 0,
            "complete_until": "2025-07-18T14:37:05.810Z",
            "lag_seconds": 1,
            "stopped": False,
            "reason": None,
            "since": None,
            "stands_still": None,
        },
        {
            "partition": 1,
            "complete_until": "2025-07-18T12:48:31.020Z",
            "lag_seconds": 6_516,
            "stopped": True,
            "reason": "newer-format",
            "since": "2025-07-18T12:48:32Z",
            "stands_still": "stopped since 2025-07-18T12:48:32Z: a batch of format 3 is newer than "
            "this Footfall: upgrade the projectors",
        },
    ],
    "audits": [{"kind": "totals", "at": "2025-07-18T13:55:00Z", "difference": 0}],
    "building": {
        "generation": 4,
        "state": "loading",
        "purpose": "replay",
        "since": "2025-07-18T14:20:11Z",
        "progress": 0.365,
    },
    "dead_letters": {"letters": 2, "by_clock": 1, "by_reason": {"bytes": 1, "clock": 1}},
    "refused": {"since": "2025-07-11T06:02:40Z", "by_reason": {"invalid": 12, "overloaded": 3}},
}
