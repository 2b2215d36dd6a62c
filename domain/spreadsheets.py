"""What a spreadsheet would take for a formula, made harmless and back again.

A program that opens a CSV file computes what begins with one of these characters. A single quote in
front makes text of it. What begins with quotes and then such a character gets one more, so that
taking one away gives back exactly what was there.
"""

import re

HOURLY = ("hour", "page", "views")
"""The columns of hourly rows as they are exported; their pages are `harmless`."""

# Blanks before it do not help with every program; East Asian ones read the wide forms too.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]").match


def harmless(text: str) -> str:
    """With a single quote in front where it would be a formula."""
    return f"'{text}" if _FORMULA(text) else text


def as_it_was(text: str) -> str:
    """What `harmless` made this of."""
    return text[1:] if text[:1] == "'" and _FORMULA(text, 1) else text
