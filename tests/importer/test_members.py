"""Objects as servers write them by hand: whole, with escapes that are no JSON's, and cut off."""

from hypothesis import given
from hypothesis import strategies as st

from importer.formats.members import TWICE, bytes_of, read

_NAMES = st.text("abcdefghij_", min_size=1, max_size=6)
_BARE = st.sampled_from(["-", "", "0.001, 0.002", "007", "12", "1.5", "10:00:00", "x y"])
_BYTES = st.binary(max_size=12)


def escaped(value: bytes) -> bytes:
    """As nginx does without escape=json."""
    return b"".join(
        b"\\x%02X" % byte if byte < 0x20 or byte > 0x7E or byte in b'"\\' else bytes([byte])
        for byte in value
    )


def line_of(members: dict[str, bytes | str]) -> bytes:
    """Bytes in quotes, text without any."""
    pairs = (
        b'"%s":%s' % (name.encode(), value.encode())
        if isinstance(value, str)
        else b'"%s":"%s"' % (name.encode(), escaped(value))
        for name, value in members.items()
    )
    return b"{" + b",".join(pairs) + b"}"


def read_bytes(line: bytes) -> dict[str, bytes] | None:
    found = read(line)
    if found is None:
        return None
    return {name: bytes_of(str(value)) for name, value in found.members.items()}


@given(st.dictionaries(_NAMES, _BYTES | _BARE), st.integers(0, 10_000))
def test_each_member_is_what_was_written_wherever_the_line_ends(
    members: dict[str, bytes | str], end: int
) -> None:
    line = line_of(members)
    written = {
        name: value.encode() if isinstance(value, str) else value for name, value in members.items()
    }
    assert read_bytes(line) == written
    assert read_bytes(b"a prefix: " + line + b" and more") == written
    cut = read_bytes(line[: end % len(line)])
    assert cut is None or cut.items() <= written.items()
    nested = read(b'{"x":-,"y":[{"z":' + line + b"}]}")
    assert nested is not None
    assert nested.members["y"] == [{"z": read(line).members}]  # type: ignore[union-attr]


def test_what_is_given_twice_is_told_unless_it_says_the_same() -> None:
    found = read(b'{"a":1,"b":{"c":1,"c":2},"a":1,"d":[],"d":{},"b":3}')
    assert found is not None
    assert found.members == {"a": "1", "b": TWICE, "d": TWICE}


def test_commas_that_nothing_follows_are_left_out() -> None:
    found = read(b'{"a":{"b":"c", },"d":1,}')
    assert found is not None
    assert found.members == {"a": {"b": "c"}, "d": "1"}
    assert not found.is_cut


def test_half_a_character_is_no_fault() -> None:
    assert bytes_of("a\ud800b") == "a\ufffdb".encode()
    assert bytes_of("a\udcffb") == b"a\xffb"
