"""The header Footfall-Position, as it comes back."""

from domain.receipts import Unreadable, read_receipt, receipt_text

SEEDS = [
    b"1kgCQ",
    b"1ks8AAAGYEq09AJGTxBEAASNFZ4mrze8BI0VniavN75ECkQc",
    b"1ks8AAAGYEq09AZKTxBEAASNFZ4mrze8BI0VniavN75IBzQP-ks0BLM4AARFwk8QCcDGRAZHPQAAAAAAAAAA",
]


def one(data: bytes) -> None:
    """A receipt that has this one spelling, or a refusal."""
    text = data.decode("latin-1")
    try:
        receipt = read_receipt(text)
    except Unreadable:
        return
    assert receipt_text(receipt) == text
