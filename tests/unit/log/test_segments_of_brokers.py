"""Which brokers keep to the segments that a stream was declared with."""

import pytest

from log.rabbitmq.bounds import fixes_segments


@pytest.mark.parametrize(
    ("version", "fixed"),
    [("3.10.8", False), ("3.12.14", False), ("3.13.0", True), ("4.1.0-rc.1", True), ("", False)],
)
def test_from_3_13_on_no_policy_changes_segments(version: str, fixed: bool) -> None:
    assert fixes_segments(version) is fixed
