"""What check says of streams whose segments are so large that their next leader reads for long."""

import json
import re
import shlex

import pytest
from msgspec.structs import replace

from cli.output.bounds import lines
from domain.retention import SEGMENT_BYTES
from domain.settings import Settings
from log.rabbitmq.bounds import StreamBound

OLD = 64_000_000
SET = "rabbitmqctl set_policy --vhost / footfall-retention '^footfall\\.page\\-views\\.' '%s'"


def said(days: int, *bounds: StreamBound) -> list[str]:
    return list(lines(Settings(retention_days=days), "/", bounds))


def commands(found: list[str]) -> set[str]:
    return {line[line.index("rabbitmqctl") :] for line in found if "rabbitmqctl" in line}


@pytest.mark.parametrize("size", [SEGMENT_BYTES, 16_000_000])
def test_of_what_was_declared_or_chosen_nothing_is_said(size: int) -> None:
    assert len(said(0, StreamBound("a.0", segment_bytes=size))) == 1


def test_large_ones_are_told_with_the_command_that_mends_them() -> None:
    old = [StreamBound(f"a.{number}", segment_bytes=OLD) for number in range(2)]
    ok, line = said(0, *old)
    assert ok.startswith("OK    log, retention")
    assert line.startswith("WARN  log, segments (2 streams, a.0 …): up to 64 MB each")
    policy = SET % '{"stream-max-segment-size-bytes":4000000}'
    assert commands([line]) == {f"{policy} --apply-to queues"}


def test_a_command_is_one_for_the_shell_whatever_it_names() -> None:
    definition = {"dead-letter-exchange": "it's"}
    bound = StreamBound("a.0", segment_bytes=OLD, policy="footfall-retention")
    found = list(lines(Settings(), "my; host", [replace(bound, definition=definition)]))
    (command,) = commands(found)
    words = shlex.split(command)
    assert words[:5] == ["rabbitmqctl", "set_policy", "--vhost", "my; host", "footfall-retention"]
    assert json.loads(words[6])["dead-letter-exchange"] == "it's"
    assert words[7:] == ["--apply-to", "queues"]


def test_one_command_mends_all_for_only_one_policy_counts() -> None:
    streams = [
        StreamBound("a.0", "402D", segment_bytes=OLD),
        StreamBound("a.1"),
        StreamBound("a.2", "10D", policy="footfall-retention", definition={"max-age": "10D"}),
    ]
    found = said(400, *streams)
    assert len(found) == 3
    (command,) = commands(found)
    assert '\'{"max-age":"402D","stream-max-segment-size-bytes":4000000}\'' in command


def test_what_a_policy_says_already_stays() -> None:
    had = {"max-age": "402D", "max-length-bytes": 1}
    bound = StreamBound("a.0", "402D", None, "footfall-retention", "", OLD, definition=had)
    *_, line = said(400, bound)
    assert '{"max-age":"402D","max-length-bytes":1,"stream-max-segment-size-bytes":' in line


def test_the_size_outlives_the_end_of_an_age() -> None:
    had = {"max-age": "402D", "stream-max-segment-size-bytes": SEGMENT_BYTES}
    (line,) = said(0, StreamBound("a.0", "402D", policy="footfall-retention", definition=had))
    assert '{"max-age":"1000Y","stream-max-segment-size-bytes":4000000}' in line


def test_a_policy_of_somebody_else_is_not_pushed_out() -> None:
    had = {"max-age": "402D"}
    bound = StreamBound("a.0", "402D", policy="theirs", segment_bytes=OLD, definition=had)
    *_, line = said(400, bound)
    assert line.endswith(
        "give the policy theirs, which counts for them, stream-max-segment-size-bytes 4000000"
    )


def test_no_policy_is_named_where_none_changes_them() -> None:
    _, line = said(0, StreamBound("a.0", segment_bytes=OLD, segments_stay=True))
    assert line.startswith("NOTE  log, segments (a.0)")
    assert re.search(r"max_segment_size_chunks, \d+", line)
    assert "policy" not in line
