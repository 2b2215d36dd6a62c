"""Bytes of strangers at each door: a module a decoder, each with `one` and `SEEDS`.

`one(data)` gives the decoder what `data` chooses and raises where something comes of it that must
not; `SEEDS` is what to begin with. `tests/fuzz/test_fuzz.py` runs each for a moment, the same every
time; `make fuzz` for as long as it is let.
"""

GRAMMAR = b"\x80"
"""Data that begins with such a byte chooses from the shapes of `tests/fuzz/grammar.py`."""
