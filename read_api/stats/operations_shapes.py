"""GET /stats/operations, member by member. Names are fixed; further members may come."""

from msgspec import UNSET, Struct, UnsetType

from domain.operations import Folding, Phase
from read_api.stats.state_shapes import Database, DeadLetters, Refused


class Log(Struct, kw_only=True):
    """Whether it answers; `since` when it does not, by the clock of this process, and why."""

    answers: bool
    since: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class OperatedPartition(Struct, kw_only=True):
    """A partition: its log holds the offsets `log_first` … `log_end` - 1, of which `folded_to` is
    folded next and `behind` many are not, as far as the log answers.

    `events` and `views` are folded so far; `duplicates`, `forks` and `jumps` are batches. `reason`,
    `since`, `stopped` and `stands_still` are as in the state.
    """

    partition: int
    state: Folding
    owner: str | None
    complete_until: str | None
    lag_seconds: int | None
    behind: int | None
    folded_to: int
    log_first: int | None
    log_end: int | None
    events: int
    views: int
    duplicates: int
    forks: int
    jumps: int
    stopped: bool
    reason: str | None
    since: str | None
    stands_still: str | None


class Projector(Struct, kw_only=True):
    """A projector that lives, and what it folds; `version` is null up to 0.2.0."""

    name: str
    version: str | None
    partitions: list[int]
    seen_seconds_ago: float


class OperatedGeneration(Struct, kw_only=True):
    """A generation of rows: `views` are in its rows, `expired_views` were dropped by retention.

    `agent_lists` are the versions of the lists of robots it was classed by. Hours before
    `carried_before` were carried over, not counted again. A previous one is kept until
    `keep_until`.
    """

    generation: int
    state: str
    purpose: str
    created: str
    complete_until: str | None
    views: int
    expired_views: int
    page_rules: str
    agent_lists: list[str]
    carried_before: str | None
    keep_until: str | None


class Rebuild(Struct, kw_only=True):
    """A generation that is being built: `done` of `total` offsets, or days while it is added up.

    `held_by` is who builds it, null where nobody does: it is left as it is.
    """

    generation: int
    state: str
    purpose: str
    phase: Phase
    since: str
    done: int
    total: int
    progress: float | None
    held_by: str | None


class Retention(Struct, kw_only=True):
    """For how many `days` views are kept by the setting of this process (null: for ever), from
    `horizon` on (null: all are there).

    The clocks are believed up to `believed_until`; they are `clock_ahead_seconds` ahead of it where
    they jumped, 0 where they did not. Null before the first look at them.
    """

    days: int | None
    horizon: str | None
    believed_until: str | None
    clock_ahead_seconds: int


class Job(Struct, kw_only=True):
    """What only one process does at a time, and who does it now."""

    name: str
    owner: str | None


class OperatedAudit(Struct, kw_only=True):
    """The last of its kind of a generation, as in the state."""

    generation: int
    kind: str
    at: str
    difference: int


class Operations(Struct, kw_only=True):
    """All but `log` and `refused` is of `known_at` (the database's clock), null or empty where
    nothing was ever known. Lags are of the present."""

    known_at: str | None
    database: Database
    log: Log
    generation: int | None
    complete_until: str | None
    lag_seconds: int | None
    horizon: str | None
    behind: int | None
    partitions: list[OperatedPartition]
    projectors: list[Projector]
    generations: list[OperatedGeneration]
    building: Rebuild | None
    retention: Retention
    jobs: list[Job]
    audits: list[OperatedAudit]
    dead_letters: DeadLetters | None
    refused: Refused | None = None
