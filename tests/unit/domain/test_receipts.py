"""Receipts: what was given out is read for ever, and nothing else is taken for one."""

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.events import MAX_AT_MS, Partition
from domain.receipts import MAX_TEXT, OfNewer, Receipt, Unreadable, read_receipt, receipt_text

UUID = "0123456789abcdef0123456789abcdef"
ONE, TWO, LAST = Partition(1), Partition(2), Partition(1_023)
NAMES = st.one_of(
    st.from_regex("[0-9a-f]{32}", fullmatch=True),
    st.from_regex("[!-~]{1,64}", fullmatch=True),
    st.from_regex("[0-9A-F]{32}", fullmatch=True),
)
SEQUENCES = st.integers(1, 2**62)
PARTITIONS = st.integers(0, 1_023).map(Partition)
RECEIPTS = st.builds(
    Receipt,
    st.integers(0, MAX_AT_MS),
    st.dictionaries(st.tuples(PARTITIONS, NAMES), SEQUENCES, max_size=20),
)
GIVEN_OUT = [
    (
        Receipt(1_752_660_000_000, {(TWO, UUID): 7}),
        "1ks8AAAGYEq09AJGTxBEAASNFZ4mrze8BI0VniavN75ECkQc",
    ),
    (
        Receipt(1_752_660_000_001, {(ONE, UUID): 300, (LAST, UUID): 70_000, (ONE, "p1"): 2**62}),
        "1ks8AAAGYEq09AZKTxBEAASNFZ4mrze8BI0VniavN75IBzQP-ks0BLM4AARFwk8QCcDGRAZHPQAAAAAAAAAA",
    ),
    (Receipt(0, {}), "1kgCQ"),
]


@pytest.mark.parametrize(("receipt", "text"), GIVEN_OUT)
def test_what_was_given_out_is_read_for_ever(receipt: Receipt, text: str) -> None:
    assert read_receipt(text) == receipt
    assert receipt_text(receipt) == text


@given(RECEIPTS)
def test_a_receipt_survives_the_round_trip_in_letters_that_need_no_encoding(sent: Receipt) -> None:
    text = receipt_text(sent)
    if text is None:
        assert len(sent.taken) > 10
        return
    assert read_receipt(text) == sent
    assert text.replace("-", "").replace("_", "").isalnum()
    assert len(text) <= MAX_TEXT


def test_that_of_one_view_is_short() -> None:
    longest = Receipt(MAX_AT_MS, {(LAST, UUID): 2**62})
    assert len(receipt_text(longest) or "") < 64


def test_240_partitions_always_fit_and_a_word_that_would_be_too_long_is_not_given_out() -> None:
    def of(*partitions: int) -> str | None:
        taken = {(Partition(partition), UUID): 2**32 - 1 for partition in partitions}
        return receipt_text(Receipt(MAX_AT_MS, taken))

    apart = range(1_023, 127, -128)
    assert len(of(*apart, *range(240 - len(apart))) or "") > 1_900
    assert of(*range(1_024)) is None


@given(st.text(max_size=80))
@example("")
@example("1")
@example("1kgCQ=")
@example("1kgCR")
@example(" 1kgCQ")
@example("1" + "A" * 10_000)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    try:
        receipt = read_receipt(text)
    except Unreadable:
        return
    assert receipt_text(receipt) == text


@given(RECEIPTS, st.integers(0, 60), st.sampled_from("AZaz09-_"))
def test_one_that_was_damaged_is_refused_or_another_one(
    sent: Receipt, place: int, letter: str
) -> None:
    text = receipt_text(sent) or GIVEN_OUT[0][1]
    damaged = text[:place] + letter + text[place + 1 :]
    test_nothing_else_is_taken_for_one.hypothesis.inner_test(damaged)  # type: ignore[attr-defined]


def test_one_of_a_newer_footfall_is_known_as_that() -> None:
    with pytest.raises(OfNewer):
        read_receipt("2" + GIVEN_OUT[0][1][1:])


@pytest.mark.parametrize(
    "fields",
    [
        (0, [[UUID.encode(), [1], [1]]]),
        (0, [["p1", [1], [1]]]),
        (0, [[b"", [1], [1]]]),
        (0, [[b"\0short", [1], [1]]]),
        (0, [[b"p1", [1], []]]),
        (0, [[b"p1", [], []]]),
        (0, [[b"p1", [2**31], [1]]]),
        (0, [[b"p1", [2**30, 2**30], [1, 1]]]),
        (0, [[b"p1", [1, 0], [1, 2]]]),
        (0, [[b"p1", [1], [0]]]),
        (0, [[b"p1", [1], [2**62 + 1]]]),
        (0, [[b"p\0", [1], [1]]]),
        (0, [[b"p2", [1], [1]], [b"p1", [1], [1]]]),
        (-1, []),
        (0, [], 0),
    ],
)
def test_what_no_footfall_has_given_out_is_refused(fields: object) -> None:
    packed = urlsafe_b64encode(msgspec.msgpack.encode(fields)).rstrip(b"=").decode()
    with pytest.raises(Unreadable):
        read_receipt("1" + packed)
