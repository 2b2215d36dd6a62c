"""Which Footfall this is."""

VERSION = "0.3.0.dev0"
"""The same as in pyproject.toml: the program says its own, whatever is installed beside it."""
