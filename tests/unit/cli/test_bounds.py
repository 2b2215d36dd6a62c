"""What check says when the broker keeps its streams for another time than the settings say."""

import pytest

from cli.output.bounds import lines
from domain.settings import Settings
from log.rabbitmq.bounds import StreamBound

SET = (
    "rabbitmqctl set_policy --vhost / footfall-retention '^footfall\\.page\\-views\\.' "
    '\'{"max-age":"%s"}\' --apply-to queues'
)


def said(days: int, *bounds: StreamBound) -> list[str]:
    return list(lines(Settings(retention_days=days), "/", bounds))


@pytest.mark.parametrize(
    ("days", "age", "says"),
    [
        (400, "402D", "keeps streams 402D"),
        (400, "9648h", "keeps streams 402D"),
        (0, None, "keeps streams for ever"),
        (0, "1000Y", "keeps streams for ever"),
    ],
)
def test_what_is_as_it_should_be_is_ok(days: int, age: str | None, says: str) -> None:
    (line,) = said(days, StreamBound("a.0", age), StreamBound("a.1", age))
    assert line == f"OK    log, retention (RabbitMQ {says})"


def test_a_stream_that_is_never_cut_is_told_with_the_command_that_mends_it() -> None:
    (line,) = said(400, StreamBound("a.0"))
    assert line.startswith("WARN  log, retention (a.0): kept for ever, RETENTION_DAYS=400 means")
    assert line.endswith(SET % "402D")


def test_each_difference_is_told_once() -> None:
    bounds = [StreamBound("a.0", "10D"), StreamBound("a.1", "10D"), StreamBound("a.2", "402D")]
    (line,) = said(400, *bounds)
    assert "(2 streams, a.0 …): kept 10D" in line


def test_nothing_is_to_be_deleted_unasked() -> None:
    (line,) = said(0, StreamBound("a.0", "402D"))
    assert line.endswith(SET % "1000Y")
    (line,) = said(0, StreamBound("a.0", "402D", policy="footfall-retention"))
    assert line.endswith(": rabbitmqctl clear_policy --vhost / footfall-retention")


def test_a_policy_of_somebody_else_is_not_pushed_out() -> None:
    (line,) = said(400, StreamBound("a.0", policy="theirs"))
    assert line.endswith("give the policy theirs, which counts for them, max-age 402D")


def test_a_bound_by_size_is_told() -> None:
    (line,) = said(400, StreamBound("a.0", "402D", 5_000_000, policy="theirs"))
    assert line.startswith("WARN  log, retention (a.0): bounded to 5,000,000 bytes")


def test_what_cannot_be_seen_is_said() -> None:
    _, note = said(400, StreamBound("a.0", "402D", policy_unseen="nobody answers"))
    assert note.startswith("NOTE  log, retention: a policy cannot be seen, nobody answers")
