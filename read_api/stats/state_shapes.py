"""GET /stats/state, member by member. Names are fixed; further members may come."""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType


class Database(Struct, kw_only=True):
    """Whether it answers; `since` when it does not, by the clock of this process, and why."""

    answers: bool
    since: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Partition(Struct, kw_only=True):
    """How complete one is, and where it is not folded just now: `since` when and for what `reason`
    (`domain.ownership.TroubleKind`), each null where that is not known; `stopped` where it will not
    go on before somebody has done something. `stands_still` is a sentence, for operators."""

    partition: int
    complete_until: str | None
    lag_seconds: int | None
    stopped: bool
    reason: str | None
    since: str | None
    stands_still: str | UnsetType | None = UNSET


class Audit(Struct, kw_only=True):
    """The last of its kind: `totals` differ by views, `log` by pages and hours, `aggregates` by
    sums beside the rows; 0 is right."""

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
    """What could not be counted and was set aside; of those `by_clock` a clock was wrong.

    `by_reason` are those that are kept and whose reason is known: `bytes`, `clock`, `log`,
    `database`.
    """

    letters: int
    by_clock: int
    by_reason: Mapping[str, int]


class Refused(Struct, kw_only=True):
    """Requests to append that this process has not answered with 202, since it began.

    Reasons are the last part of the `type` of their answers.
    """

    since: str
    by_reason: Mapping[str, int]


class Trust(Struct, kw_only=True):
    """What whoever reads the numbers has to know. All but `database` is of `known_at` (the
    database's clock), and null or empty where nothing was ever known. Lags are of the present.
    `retention_days` is the setting of this process: for so long views are kept, null: for ever."""

    complete_until: str | None
    lag_seconds: int | None
    generation: int | None
    known_at: str | None
    horizon: str | None
    retention_days: int | None
    database: Database
    partitions: list[Partition]
    audits: list[Audit]
    building: Building | None


class State(Trust, kw_only=True):
    """With what is for operators, sentences that name folders and hosts among it. `dead_letters` is
    of `known_at` too; `refused` is null where ingest is another process."""

    dead_letters: DeadLetters | None
    refused: Refused | None = None
