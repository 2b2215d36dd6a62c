"""GET /stats/state, member by member. Names are fixed; further members may come."""

from msgspec import UNSET, Struct, UnsetType


class Database(Struct, kw_only=True):
    """Whether it answers; `since` when it does not, by the clock of this process, and why."""

    answers: bool
    since: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Partition(Struct, kw_only=True):
    """How complete one is; `stands_still` says since when and why, `stopped` where it will not go
    on before somebody has done something."""

    partition: int
    complete_until: str | None
    lag_seconds: int | None
    stopped: bool
    stands_still: str | None


class Audit(Struct, kw_only=True):
    """The last of its kind: `totals` differ by views, `log` by pages and hours; 0 is right."""

    kind: str
    at: str
    difference: int


class Building(Struct, kw_only=True):
    """A generation that is being built since a moment; `progress` is a fraction."""

    generation: int
    state: str
    purpose: str
    since: str
    progress: float | None


class DeadLetters(Struct, kw_only=True):
    """What could not be counted and was set aside; of those `by_clock` a clock was wrong."""

    letters: int
    by_clock: int


class State(Struct, kw_only=True):
    """All but `database` is of `known_at` (the database's clock), and null or empty where nothing
    was ever known. Lags are of the present."""

    complete_until: str | None
    lag_seconds: int | None
    generation: int | None
    known_at: str | None
    horizon: str | None
    database: Database
    partitions: list[Partition]
    audits: list[Audit]
    building: Building | None
    dead_letters: DeadLetters | None
