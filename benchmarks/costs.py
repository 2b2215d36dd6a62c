"""x"""


def markdown() -> str:
    return ""
