"""What is told of an error of a database's driver."""

CANNOT = "the database cannot be used now"
"""To a client of ours, of all that nobody there can mend."""


def reason(error: BaseException) -> str:
    """One sentence, with the kind of the error where it says something."""
    text = " ".join(str(error).split())
    if isinstance(error, TimeoutError):
        return f"no answer in time{f' ({text})' if text else ''}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
