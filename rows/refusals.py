"""Which errors of the databases' drivers pass by themselves, and which never do."""

from domain.errors import StoreReadOnly, StoreRefused, StoreUnavailable, Unstorable

READ_ONLY = "25006"

# Classes of SQLSTATE: what a value cannot be (a number out of range, a character the encoding does
# not have), and what is too long for an index.
_CONTENT = ("22", "54")
# Keys, tables, columns and rights: the same whatever is written.
_STATEMENT = ("23", "42", "3F")
# SQLite's names for the same. The sum of a row has no other way to say that it is over 64 bits.
_SQLITE_CONTENT = ("SQLITE_CONSTRAINT_NOTNULL", "SQLITE_MISMATCH", "SQLITE_TOOBIG")
_SQLITE_STATEMENT = ("SQLITE_ERROR", "SQLITE_CONSTRAINT", "SQLITE_CORRUPT", "SQLITE_NOTADB")

# Drivers raise them before anything is sent.
OF_VALUES = (OverflowError, UnicodeError)


def kind_of(error: BaseException) -> type[StoreUnavailable]:
    """What an error of a driver is in our words."""
    if isinstance(error, OF_VALUES):
        return Unstorable
    state = str(getattr(error, "sqlstate", None) or "")
    name = str(getattr(error, "sqlite_errorname", ""))
    if state.startswith(_CONTENT) or name.startswith(_SQLITE_CONTENT):
        return Unstorable
    if state == READ_ONLY or name.startswith("SQLITE_READONLY"):
        return StoreReadOnly
    if state.startswith(_STATEMENT) or name.startswith(_SQLITE_STATEMENT):
        return StoreRefused
    return StoreUnavailable


def plain(reason: str) -> str:
    """A sentence that every database can hold, whatever bytes are quoted in it."""
    return reason.encode("ascii", "backslashreplace").decode().replace("\x00", "\\0")
