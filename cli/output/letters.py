"""Dead letters for people: what strangers wrote is shown, never sent to a terminal as it is."""

from collections.abc import Iterator, Sequence

import msgspec

from domain import wire
from domain.errors import Undecodable, UnknownFormat
from domain.hours import as_moment
from domain.letters import LeftOut, Letter, LetterCounts, Letters, Retried
from domain.shown import escaped

_HEADER = ("partition", "offset", "set aside", "bytes", "by", "reason")
_SHOWN_REASON = 200


def letter_table(found: Letters) -> Iterator[str]:
    """A line a letter, then what is only counted."""
    rows = [_HEADER, *map(_row, found.letters)] if found.letters else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        *numbers, reason = row
        cells = [text.rjust(width) for text, width in zip(numbers, widths, strict=False)]
        yield f"{'  '.join(cells)}  {reason}"
    yield from map(left_out_line, found.left_out)
    if not rows and not found.left_out:
        yield "no dead letters"


def _row(letter: Letter) -> tuple[str, ...]:
    reason = escaped(letter.reason)
    if len(reason) > _SHOWN_REASON:
        reason = f"{reason[:_SHOWN_REASON]}…"
    return (
        str(letter.partition),
        str(letter.offset),
        as_moment(letter.created_ms),
        str(letter.size),
        letter.kind or "-",
        reason,
    )


def left_out_line(left: LeftOut) -> str:
    """Of a partition."""
    return (
        f"partition {left.partition}: {left.letters:,} more ({left.size:,} bytes), offsets "
        f"{left.first} to {left.last}, are only counted: the log has them, as long as it does"
    )


class Told(msgspec.Struct):
    """A letter for machines: without its body, and how much of that is kept."""

    partition: int
    offset: int
    kind: str | None
    reason: str
    size: int
    kept: int
    created_ms: int


def letters_json(found: Letters) -> str:
    """For machines."""
    told = [
        Told(one.partition, one.offset, one.kind, one.reason, one.size, len(one.body),
             one.created_ms)
        for one in found.letters
    ]  # fmt: skip
    return msgspec.json.encode({"letters": told, "left_out": found.left_out}).decode()


def letter_lines(letter: Letter, body: bytes) -> Iterator[str]:
    """One letter: its head, then its body."""
    yield f"partition {letter.partition}, offset {letter.offset}"
    yield f"set aside: {as_moment(letter.created_ms)}"
    yield f"reason: {escaped(letter.reason)}"
    yield f"bytes: {letter.size:,}" + ("" if len(body) == letter.size else f", here {len(body):,}")
    yield from _batch_lines(body)
    yield escaped(body.decode("utf-8", "backslashreplace"))


def _batch_lines(body: bytes) -> Iterator[str]:
    try:
        batch = wire.decode(body)
    except (Undecodable, UnknownFormat) as error:
        yield f"batch: none ({escaped(str(error))})"
        return
    moments = [event.at_ms for event in batch.events]
    views = sum(event.count for event in batch.events)
    yield f"batch: producer {batch.producer}, sequence {batch.sequence}, shard {batch.shard}"
    yield f"recorded: {as_moment(batch.recorded_ms)}"
    if moments:
        span = f"{as_moment(min(moments))} to {as_moment(max(moments))}"
        yield f"events: {len(moments):,} with {views:,} views, {span}"


def retried_line(done: Retried) -> str:
    """What became of one."""
    place = f"partition {done.partition}, offset {done.offset}"
    if done.reason is not None:
        return f"{place}: stays set aside: {escaped(done.reason)}"
    if not done.events:
        return f"{place}: removed, what it holds is counted already"
    return f"{place}: counted, {done.events:,} events with {done.views:,} views"


def status_lines(counts: LetterCounts) -> Iterator[str]:
    """What `footfall status` says, where there are any."""
    if not counts.letters:
        return
    parts = [f"dead letters: {counts.letters:,} ({counts.size:,} bytes)"]
    if counts.by_clock:
        parts.append(f"{counts.by_clock:,} by a clock")
    if counts.left_out:
        parts.append(f"{counts.left_out:,} only counted")
    yield f"{', '.join(parts)}: footfall dead-letters list"


def check_lines(counts: LetterCounts) -> Iterator[str]:
    """What `footfall check` says: views that were acknowledged may be in them."""
    if counts.by_clock:
        yield (
            f"WARN  dead letters by a clock ({counts.by_clock}): batches that were recorded more "
            "than an hour after the present of whoever folded them: the clock of an ingest, or of "
            "projectors and database, was wrong. Set it right, then footfall dead-letters retry "
            "--all counts them"
        )
    if counts.letters:
        yield (
            f"NOTE  dead letters ({counts.letters}, {counts.size} bytes): messages of the log that "
            "were set aside and are not counted: footfall dead-letters list shows each with its "
            "reason"
        )


def told_of(done: Sequence[Retried]) -> str:
    """The last line of a retry of several."""
    counted = [one for one in done if one.reason is None]
    views = sum(one.views for one in counted)
    return f"{len(counted):,} of {len(done):,} counted or removed, {views:,} views"
