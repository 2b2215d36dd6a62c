"""The names of what only one process does at a time."""

REPLAY = "replay"
RETENTION = "retention"
ROLLUP = "rollup"
