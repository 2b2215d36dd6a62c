"""Sources as they are sent: without the comments and the indentation that people read.

Nothing clever: a line stays a line, so that where a statement ends is never in doubt.
"""

import re

# What a line says of types between its code, and of no text that people read.
_OF_TYPES = re.compile(r"/\*\* @(?:type|satisfies|param|returns)\b.*?\*/ ?")
# What is in quotes is no comment, whatever it looks like.
_CSS_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/""", re.DOTALL)


def stripped_javascript(text: str) -> list[str]:
    """Its lines, without those of comments, comments at their beginning, and those of types.

    No string of `text` may go over several lines, or have `/** @type` and its like in it.
    """
    kept, within = [], False
    for each in text.splitlines():
        line, within = _after_comments(each.strip(), within)
        if line and not line.startswith("//"):
            kept.append(_OF_TYPES.sub("", line).rstrip())
    return kept


def _after_comments(line: str, within: bool) -> tuple[str, bool]:
    """The rest of a line behind its first comments, and whether the last of them goes on."""
    while within or line.startswith("/*"):
        _, ended, line = line.removeprefix("" if within else "/*").partition("*/")
        line, within = line.lstrip(), not ended
        if within:
            return "", True
    return line, False


def stripped_css(text: str) -> list[str]:
    """Its lines without comments."""
    bare = _CSS_COMMENT.sub(lambda found: found[1] or "", text)
    return [line for each in bare.splitlines() if (line := each.strip())]
