"""The classes of viewers, and where a row says its class.

A row of the fold is a page, an hour and a shard key. Shard keys only spread the load, so that which
of them a row has is free to say more: from 0 on they are of views nobody is known to have made, and
below 0 of persons and robots. Rows, their key and whoever adds up all of them stay as they are.

-32,768 … -16,385   -16,384 … -1    0 … 32,767
      robot            person        unknown
"""

from enum import IntEnum

_SLOTS = 16_384
"""Slots of a class below 0: half of what 16 bits hold there."""


class Agent(IntEnum):
    """Who made a view; the numbers are stored."""

    UNKNOWN = 0
    PERSON = 1
    ROBOT = 2


SLOTS = {
    Agent.UNKNOWN: (0, 2 * _SLOTS - 1),
    Agent.PERSON: (-_SLOTS, -1),
    Agent.ROBOT: (-2 * _SLOTS, -_SLOTS - 1),
}
"""The first and the last slot of each class."""


def slot_of(shard: int, agent: Agent) -> int:
    """Where a row of this class stands that was counted under a shard key of 0 … 32,767."""
    if agent is Agent.UNKNOWN:
        return shard
    return SLOTS[agent][1] - shard % _SLOTS


def agent_of(slot: int) -> Agent:
    """The class of what stands there."""
    if slot >= 0:
        return Agent.UNKNOWN
    return Agent.PERSON if slot >= -_SLOTS else Agent.ROBOT
