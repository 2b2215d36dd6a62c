"""Up to which line everything is confirmed."""

import msgspec

from importer.answers import Outcome
from importer.batch import Batch, Line
from importer.reading import shown_name


class GoOn(msgspec.Struct, frozen=True):
    """Every view before `line` of `file` is confirmed; files named before it are done.

    From there on, `accepted` views were accepted all the same, and of `unknown` nobody knows.
    """

    file: str
    line: int
    accepted: int
    unknown: int


class Standing:
    """What became of the batches that were put, in their order, though they end in any other."""

    def __init__(self) -> None:
        self._put = 0
        self._confirmed = 0
        self._starts: dict[int, Line | None] = {}
        self._ended: dict[int, Outcome] = {}

    def put(self, batch: Batch) -> None:
        """It is about to be sent."""
        self._starts[self._put] = batch.first
        # An interrupt may come between any two of these: what has no number was not put.
        batch.number = self._put
        self._put += 1

    def ended(self, batch: Batch, outcome: Outcome) -> None:
        """It was answered, or given up."""
        assert batch.number is not None
        self._ended[batch.number] = outcome
        while (found := self._ended.get(self._confirmed)) and not found.fault:
            del self._ended[self._confirmed], self._starts[self._confirmed]
            self._confirmed += 1

    def go_on(self, next_line: Line) -> GoOn:
        """Where an import can go on; `next_line` is the first of which no view was put."""
        first = self._starts.get(self._confirmed) or next_line
        accepted = sum(outcome.accepted for outcome in self._ended.values())
        unknown = sum(outcome.unknown for outcome in self._ended.values())
        return GoOn(first.file, first.number, accepted, unknown)


def standing(counted: int, accepted: int, unknown: int, go_on: GoOn) -> str:
    """What an import that ended early leaves behind, and what repeating it would do."""
    if not accepted and not unknown:
        return "no views were accepted, the import can be repeated as it is"
    doubt = f", {unknown:,} more may or may not have been counted" if unknown else ""
    return (
        f"{accepted:,} of the {counted:,} views read so far were accepted{doubt}; repeating the "
        f"import would count that part twice. {_where_to_go_on(go_on)}"
    )


def _where_to_go_on(go_on: GoOn) -> str:
    where = f"line {go_on.line:,} of {shown_name(go_on.file)}"
    how = f"with --from-line {go_on.line} and that file as the first"
    if not go_on.accepted and not go_on.unknown:
        return f"Everything before {where} is counted, nothing from there on: go on {how}"
    parts = [
        *([f"{go_on.accepted:,} views were accepted"] if go_on.accepted else []),
        *([f"{go_on.unknown:,} are in doubt"] if go_on.unknown else []),
    ]
    return (
        f"Everything before {where} is counted; from there on {' and '.join(parts)}, which would "
        f"count twice if you went on there ({how})"
    )
