"""Every error Footfall raises on purpose.

FootfallError
├── SettingsError          a setting is wrong; the message names it and says what to write
├── RequestRefused         the client sent something that cannot be counted
│   └── NotJoined          it asks for pages by their sources, which are counted apart
├── Overloaded             too much is waiting already; nothing of the request was appended
├── NotYet                 what an answer was to hold is not folded in the time there was
├── LogError
│   ├── LogUnavailable     the log cannot be reached or did not confirm in time
│   │   ├── NoTools        what it takes is done by its own commands, which do not work here
│   │   └── NotDeclared    it has no such partition: run footfall migrate
│   ├── HistoryTruncated   the log no longer holds batches that were never folded
│   └── LogWentBackward    the log ends before the checkpoint: it was re-created or lost its tail
├── StoreUnavailable       the database cannot be used; trying again may help, but for
│   ├── Unstorable         what it was given can never be stored: a batch's own content
│   ├── StoreRefused       it refuses the statement itself: somebody has to see to the database
│   └── StoreReadOnly      it takes no writes, from nobody: a standby, or set to be so
├── Outdated               a newer Footfall has migrated the database past this one: end
├── NotMigrated            the database is empty or of an older Footfall: run footfall migrate
├── PartitionTrouble       partitions are not folded; the message says which and why
├── Fenced                 another owner moved this checkpoint; let the partition go
├── Interrupted            told to stop; what is done is kept
├── RebuildError           a rebuild cannot go on; the message says what to do
│   ├── JobTaken           another process does this job
│   ├── HistoryIncomplete  the log no longer holds all of the hours that are kept
│   └── NotCaughtUp        a promotion would let a checkpoint step back
├── Undecodable            these bytes are no batch: dead letter
└── UnknownFormat          a newer Footfall wrote this batch: stop, upgrade, go on
"""

from typing import NamedTuple, Self

from domain.problems import INVALID, Kind


class FootfallError(Exception):
    """The root of everything Footfall raises on purpose.

    Its text is for operators. Where that repeats what a driver or a server said, with its names of
    hosts and users, whoever asks over HTTP is `told` less.
    """

    def __init__(self, message: str = "", *, told: str | None = None) -> None:
        self.told = message if told is None else told
        super().__init__(message)


class SettingsError(FootfallError):
    """Settings are wrong; each sentence names one and says what to write instead."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        super().__init__("\n".join(sentences))


class Problem(NamedTuple):
    """One fault in a request: where it is (a JSON pointer or parameter name) and what to send.

    `oldest_ms` is the first moment that is accepted, where the fault is to be before it.
    """

    pointer: str
    detail: str
    oldest_ms: int | None = None


class RequestRefused(FootfallError):
    """The request holds something that cannot be counted; nothing of it was appended."""

    def __init__(self, problems: list[Problem], *, kind: Kind = INVALID) -> None:
        self.problems = problems
        self.kind = kind
        super().__init__(problems[0].detail if problems else "the request was refused")


class NotJoined(RequestRefused):
    """It asks for pages by their sources; `member` of the question does not fit the rest."""

    def __init__(self, member: str, detail: str = "pages and sources are not joined") -> None:
        self.member = member
        super().__init__([Problem(member, detail)])


class Overloaded(FootfallError):
    """Too much is waiting for the log already; nothing of the request was appended."""


class NotYet(FootfallError):
    """What an answer was to hold is in the log and, in the time there was, not folded."""


class LogError(FootfallError):
    """Something is wrong with the log."""


class LogUnavailable(LogError):
    """The log cannot be reached, or did not confirm in time; the outcome may be unknown.

    `took_nothing`: it cannot be written before somebody helps, as on a full disk, and nothing was
    appended. Trying again at once does not help, so nobody is kept waiting.
    """

    def __init__(
        self, message: str, *, told: str | None = None, took_nothing: bool = False
    ) -> None:
        self.took_nothing = took_nothing
        super().__init__(message, told=told)

    def in_doubt(self) -> Self:
        """The same of what may have been appended, by an earlier try or in part."""
        return type(self)(str(self), told=self.told)


class NotDeclared(LogUnavailable):
    """The log has no such partition: run footfall migrate."""


class NoTools(LogUnavailable):
    """What is to be done takes the log's own commands: they are not here, or reach no node."""


class HistoryTruncated(LogError):
    """The log no longer holds batches that were never folded."""


class LogWentBackward(LogError):
    """The log ends before the checkpoint: it was created anew or lost its tail."""


class StoreUnavailable(FootfallError):
    """The database cannot be reached, or not be used just now.

    Where it is a `conflict`, the database has undone what was tried, in favour of others or of a
    limit: the same once more may well succeed.
    """

    conflict = False


class Outdated(FootfallError):
    """A newer Footfall has migrated the database past what this one understands: end, be upgraded.

    Trying again cannot help.
    """

    @classmethod
    def by(cls, found: str, newest: str) -> Self:
        """It is at version `found`, and `newest` is the last that is known here."""
        return cls(
            f"the database is at version {found}, which this Footfall does not know (it knows "
            f"versions up to {newest}): a newer one has upgraded it, so upgrade Footfall"
        )


class Unstorable(StoreUnavailable):
    """The database can never hold what it was given: a value out of range or of its encoding.

    Nothing was written; the same again is refused again.
    """


class StoreRefused(StoreUnavailable):
    """The database refuses the statement whatever is in it: a table or a right is missing.

    Trying again helps once somebody has seen to the database.
    """


class StoreReadOnly(StoreUnavailable):
    """The database takes no writes: a standby, a former primary, or one that is set to be so.

    What only reads goes on there. Connecting anew may lead to another server.
    """


class PartitionTrouble(FootfallError):
    """Partitions are stopped or wait; the message says which and why."""


class NotMigrated(FootfallError):
    """The database is empty, or at the version of an older Footfall: run footfall migrate."""


class Fenced(FootfallError):
    """Another owner moved this checkpoint; nothing was written, let the partition go."""


class Interrupted(FootfallError):
    """Told to stop before the work was done; what is done is kept, running it again goes on."""

    def __init__(self, message: str = "stopped before it was done: run it again to go on") -> None:
        super().__init__(message)


class RebuildError(FootfallError):
    """A rebuild cannot go on; the message says what to do."""


class JobTaken(RebuildError):
    """Another process does this job: only one at a time."""


class HistoryIncomplete(RebuildError):
    """The log no longer holds every event of the hours that are still kept."""


class NotCaughtUp(RebuildError):
    """A promotion would let a partition's checkpoint step back."""


class Undecodable(FootfallError):
    """These bytes are no batch."""


class UnknownFormat(FootfallError):
    """A newer Footfall wrote this batch; this one must not guess what it means."""
