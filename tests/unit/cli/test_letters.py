"""What people see of dead letters: what strangers wrote in them reaches no terminal as it is."""

from cli.output.letters import (
    check_lines,
    letter_lines,
    letter_table,
    retried_line,
    status_lines,
    told_of,
)
from domain.events import Offset, Partition
from domain.letters import LeftOut, Letter, LetterCounts, Letters, Retried
from tests.factories import TEN, entry, event

ONE = Partition(1)


def letter(body: bytes, reason: str = "no batch", kind: str | None = "bytes") -> Letter:
    return Letter(ONE, Offset(7), kind, reason, len(body), TEN, body)


def test_a_list_has_a_line_each_and_what_is_only_counted() -> None:
    left = LeftOut(ONE, 2_000, 5_000, Offset(8), Offset(4_000))
    found = list(letter_table(Letters([letter(b"junk", "bad\x1b[31m" + "x" * 500)], [left])))
    assert found[0].split() == ["partition", "offset", "set", "aside", "bytes", "by", "reason"]
    assert found[1].split()[:5] == ["1", "7", "2025-07-16T10:00:00Z", "4", "bytes"]
    assert "bad\\x1b[31mxx" in found[1]
    assert len(found[1]) < 280
    assert found[2].startswith("partition 1: 2,000 more (5,000 bytes), offsets 8 to 4000")
    assert list(letter_table(Letters([]))) == ["no dead letters"]


def test_one_is_shown_with_what_its_batch_says() -> None:
    body = entry(0, event("a/\x1b[2J", count=3), event("b")).body
    text = "\n".join(letter_lines(letter(body), body))
    assert "events: 2 with 4 views, 2025-07-16T10:00:00Z to 2025-07-16T10:00:00Z" in text
    assert "producer p1, sequence 1" in text
    raw = b"\xff\x1b[2J\x00"
    lines = list(letter_lines(letter(raw), raw))
    assert lines[-1] == "\\xff\\x1b[2J\\x00"
    assert any(line.startswith("batch: none (") for line in lines)
    assert "bytes: 6, here 2" in list(letter_lines(letter(raw), raw[:2]))[3]


def test_status_and_check_tell_of_them_where_there_are_any() -> None:
    none, some = LetterCounts(), LetterCounts(1_200, 34_000, 3, 200)
    assert [*status_lines(none), *check_lines(none)] == []
    assert list(status_lines(some)) == [
        "dead letters: 1,200 (34,000 bytes), 3 by a clock, 200 only counted: "
        "footfall dead-letters list"
    ]
    clock, note = check_lines(some)
    assert clock.startswith("WARN  dead letters by a clock (3): ")
    assert "footfall dead-letters retry --all" in clock
    assert note.startswith("NOTE  dead letters (1200, 34000 bytes): ")
    assert "footfall dead-letters list" in note


def test_what_became_of_one_is_said() -> None:
    counted = Retried(ONE, Offset(7), 2, 1_400)
    stays = Retried(ONE, Offset(8), reason="no\x07")
    gone = Retried(ONE, Offset(9))
    assert retried_line(counted).endswith("offset 7: counted, 2 events with 1,400 views")
    assert retried_line(stays).endswith("offset 8: stays set aside: no\\x07")
    assert retried_line(gone).endswith("offset 9: removed, what it holds is counted already")
    assert told_of([counted, stays, gone]) == "2 of 3 counted or removed, 1,400 views"
