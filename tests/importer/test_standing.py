"""Where an import can go on, in whatever order its batches end."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from importer.answers import Outcome
from importer.batch import Batch, Line
from importer.standing import GoOn, Standing

ACCEPTED, UNKNOWN = Outcome(accepted=10), Outcome(unknown=10, fault="no answer")
REFUSED, HALF = Outcome(fault="no"), Outcome(accepted=4, fault="no")
NEXT = Line("log", 1_000)


def batch(number: int) -> Batch:
    found = Batch()
    found.first = Line("log", 100 * number + 1)
    return found


def standing(*outcomes: Outcome | None, order: list[int] | None = None) -> GoOn:
    """After batches of a hundred lines each, from line 1 on; None: one that never ended."""
    found = Standing()
    batches = [batch(number) for number in range(len(outcomes))]
    for each in batches:
        found.put(each)
    for number in order or range(len(outcomes)):
        outcome = outcomes[number]
        if outcome is not None:
            found.ended(batches[number], outcome)
    return found.go_on(NEXT)


def test_when_all_is_confirmed_it_goes_on_with_the_next_line() -> None:
    assert standing(ACCEPTED, ACCEPTED) == GoOn("log", 1_000, "log", 1_000, 0, 0)
    assert standing() == GoOn("log", 1_000, "log", 1_000, 0, 0)


def test_a_refused_batch_after_which_nothing_was_accepted_is_where_it_goes_on() -> None:
    for last in (REFUSED, None):
        assert standing(ACCEPTED, last, None) == GoOn("log", 101, "log", 101, 0, 0)


def test_what_was_accepted_or_is_in_doubt_behind_it_is_told() -> None:
    assert standing(ACCEPTED, REFUSED, ACCEPTED, REFUSED) == GoOn("log", 101, "log", 301, 10, 0)
    assert standing(ACCEPTED, UNKNOWN, ACCEPTED) == GoOn("log", 101, "log", 1_000, 10, 10)
    assert standing(UNKNOWN, REFUSED) == GoOn("log", 1, "log", 101, 0, 10)
    assert standing(HALF, REFUSED) == GoOn("log", 1, "log", 101, 4, 0)


@given(
    st.lists(st.sampled_from([ACCEPTED, ACCEPTED, UNKNOWN, REFUSED, HALF, None]), max_size=9),
    st.randoms(use_true_random=False),
)
def test_before_the_line_all_is_confirmed_and_after_the_clear_one_nothing_counted(
    outcomes: list[Outcome | None], random: Random
) -> None:
    order = list(range(len(outcomes)))
    random.shuffle(order)
    found = standing(*outcomes, order=order)
    first = (found.line - 1) // 100 if found.line < NEXT.number else len(outcomes)
    clear = (found.clear_line - 1) // 100 if found.clear_line < NEXT.number else len(outcomes)
    assert all(outcome == ACCEPTED for outcome in outcomes[:first])
    assert all(outcome in (REFUSED, None) for outcome in outcomes[clear:])
    between = [outcome for outcome in outcomes[first:clear] if outcome]
    assert found.accepted == sum(outcome.accepted for outcome in between)
    assert found.unknown == sum(outcome.unknown for outcome in between)
