"""The shape of /stats/operations as JSON schema, with an example."""

from read_api.stats.openapi_answers import schema_of
from read_api.stats.operations_shapes import Operations

OPERATIONS_SCHEMA = schema_of(Operations)
OPERATIONS_EXAMPLE = {
    "known_at": "2025-07-18T14:37:06.120Z",
    "database": {"answers": True},
    "log": {"answers": True},
    "generation": 3,
    "complete_until": "2025-07-18T14:37:05.810Z",
    "lag_seconds": 1,
    "horizon": "2024-06-13T14:00:00Z",
    "behind": 120,
    "partitions": [
        {
            "partition": 0,
            "state": "folding",
            "owner": "host-a-4711-9c4d",
            "complete_until": "2025-07-18T14:37:05.810Z",
            "lag_seconds": 1,
            "behind": 120,
            "folded_to": 81_200,
            "log_first": 4_100,
            "log_end": 81_320,
            "events": 1_200_300,
            "views": 5_300_100,
            "duplicates": 0,
            "forks": 0,
            "jumps": 0,
            "stopped": False,
            "reason": None,
            "since": None,
            "stands_still": None,
        }
    ],
    "projectors": [
        {
            "name": "host-a-4711-9c4d",
            "version": "0.3.0",
            "partitions": [0],
            "seen_seconds_ago": 1.2,
        }
    ],
    "generations": [
        {
            "generation": 3,
            "state": "live",
            "purpose": "replay",
            "created": "2025-07-01T10:00:00Z",
            "complete_until": "2025-07-18T14:37:05.810Z",
            "views": 5_298_900,
            "expired_views": 1_200,
            "page_rules": "",
            "agent_lists": ["crawlerdetect 1.2.0"],
            "carried_before": None,
            "keep_until": None,
        }
    ],
    "building": {
        "generation": 4,
        "state": "loading",
        "purpose": "replay",
        "phase": "loading",
        "since": "2025-07-18T14:20:11Z",
        "done": 29_638,
        "total": 81_200,
        "progress": 0.365,
        "held_by": "host-b-99-01af",
    },
    "retention": {
        "days": 400,
        "horizon": "2024-06-13T14:00:00Z",
        "believed_until": "2025-07-18T14:35:00Z",
        "clock_ahead_seconds": 0,
    },
    "jobs": [{"name": "replay", "owner": "host-b-99-01af"}, {"name": "retention", "owner": None}],
    "audits": [{"generation": 3, "kind": "totals", "at": "2025-07-18T13:55:00Z", "difference": 0}],
    "dead_letters": {"letters": 2, "by_clock": 1, "by_reason": {"bytes": 1, "clock": 1}},
    "refused": {"since": "2025-07-11T06:02:40Z", "by_reason": {"invalid": 12, "overloaded": 3}},
}
