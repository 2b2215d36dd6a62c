"""Slots of the classes."""

from hypothesis import given
from hypothesis import strategies as st

from domain.agents.classes import SLOTS, Agent, agent_of, slot_of

SHARDS = st.integers(0, 32_767)


@given(SHARDS, st.sampled_from(Agent))
def test_a_slot_says_its_class(shard: int, agent: Agent) -> None:
    first, last = SLOTS[agent]

    assert agent_of(slot_of(shard, agent)) is agent
    assert first <= slot_of(shard, agent) <= last


@given(st.integers(-32_768, 32_767))
def test_every_number_of_16_bits_is_a_slot_of_one_class(slot: int) -> None:
    holding = [agent for agent, (first, last) in SLOTS.items() if first <= slot <= last]

    assert holding == [agent_of(slot)]


@given(st.integers(0, 16_383), st.integers(0, 16_383), st.sampled_from(Agent))
def test_the_shards_of_a_usual_number_stay_apart(one: int, other: int, agent: Agent) -> None:
    assert (slot_of(one, agent) == slot_of(other, agent)) == (one == other)


def test_what_is_stored_never_changes() -> None:
    found = [slot_of(shard, agent) for agent in Agent for shard in (0, 9, 16_384, 32_767)]

    assert found == [
        *(0, 9, 16_384, 32_767),
        *(-1, -10, -1, -16_384),
        *(-16_385, -16_394, -16_385, -32_768),
    ]
