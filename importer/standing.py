"""Up to which line everything is confirmed."""

import msgspec

from importer.answers import Outcome
from importer.batch import Batch, Line
from importer.reading import shown_name
from importer.source import STDIN


class GoOn(msgspec.Struct, frozen=True):
    """Where an import can go on.

    Every view before `line` of `file` is confirmed, and of every file named before it. Of none from
    `clear_line` of `clear_file` on anything was counted. Of those that lie between, `accepted` were
    accepted all the same, and of `unknown` nobody knows; the others were not counted.
    """

    file: str
    line: int
    clear_file: str
    clear_line: int
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
        """`next_line` is the first of which no view was put."""
        counted = {n: found for n, found in self._ended.items() if found.accepted or found.unknown}
        after = max(counted, default=self._confirmed - 1) + 1
        first, clear = (self._starts.get(n) or next_line for n in (self._confirmed, after))
        accepted = sum(outcome.accepted for outcome in counted.values())
        unknown = sum(outcome.unknown for outcome in counted.values())
        return GoOn(*_nameable(first), *_nameable(clear), accepted, unknown)


def _nameable(line: Line) -> Line:
    """Its file as a terminal and JSON can have it."""
    return line if line.file == STDIN else Line(shown_name(line.file), line.number)


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
    first = f"line {go_on.line:,} of {shown_name(go_on.file)}"
    clear = f"line {go_on.clear_line:,} of {shown_name(go_on.clear_file)}"
    if not go_on.accepted and not go_on.unknown:
        return (
            f"Everything before {first} is counted, and nothing from there on: go on with that "
            f"file as the first and --from-line {go_on.line}"
        )
    return (
        f"Everything before {first} is counted, and nothing from {clear} on; of what lies between, "
        f"{go_on.accepted:,} views were accepted and {go_on.unknown:,} are in doubt. To go on, "
        f"name that file as the first: --from-line {go_on.line} counts this part again, "
        f"--from-line {go_on.clear_line} leaves out what of it is not counted"
    )
