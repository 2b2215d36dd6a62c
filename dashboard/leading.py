"""Where somebody goes on to after signing in: a place of this service, and never another one's."""

import re

HOME = "/"
MOST = 8_000
# What browsers take for the name of a host (//, /\), strip (blanks, tabs, line breaks) or would
# have to guess the encoding of is not there. What is escaped stays part of the path.
_PLACE = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def place_to(text: str) -> str:
    """The place that `text` names, `HOME` where it is none of ours."""
    return text if len(text) <= MOST and _PLACE.fullmatch(text) else HOME
