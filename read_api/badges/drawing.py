"""A badge as SVG: words and a number side by side, on colours that are read on light and dark."""

from html import escape
from unicodedata import combining, east_asian_width

COLOR = "#2358c8"
_LABEL_COLOR = "#4d4d48"
_SIZE = 11
_HEIGHT = 20
_PADDING = 6
_RADIUS = 3
# How wide Verdana's characters are, in thousandths of its size, from the space on.
_WIDTHS = (
    352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 454, 454, 818, 818, 818, 545,
    1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843, 748, 787,
    603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636,
    636, 601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607,
    623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635, 454, 635, 818,
)  # fmt: skip
_FIRST = ord(" ")
_OTHER, _WIDE = 640, 1_000


def width_of(text: str) -> int:
    """About how wide `text` is, in pixels; it is drawn exactly as wide, whichever font there is."""
    return round(sum(map(_width, text)) * _SIZE / 1_000)


def badge(label: str, message: str) -> str:
    """A document; an empty `label` is left out. Both are text that can be seen (`isprintable`)."""
    left = 2 * _PADDING + width_of(label) if label else 0
    right = 2 * _PADDING + width_of(message)
    whole = left + right
    said = escape(f"{label}: {message}" if label else message)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" '
        f'role="img" aria-label="{said}"><title>{said}</title>',
        f'<rect width="{whole}" height="{_HEIGHT}" rx="{_RADIUS}" fill="{COLOR}"/>',
    ]
    if label:
        parts.append(f'<path d="{_left_half(left)}" fill="{_LABEL_COLOR}"/>')
    parts.append(
        '<g fill="#fff" text-anchor="middle" '
        f'font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{_SIZE}">'
    )
    if label:
        parts.append(_text(label, left / 2, left - 2 * _PADDING))
    parts.append(f"{_text(message, left + right / 2, right - 2 * _PADDING)}</g></svg>\n")
    return "".join(parts)


def _left_half(width: int) -> str:
    """Round on the outside alone."""
    corner, inner = _RADIUS, _HEIGHT - 2 * _RADIUS
    return (
        f"M{width} 0H{corner}a{corner} {corner} 0 0 0-{corner} {corner}v{inner}"
        f"a{corner} {corner} 0 0 0 {corner} {corner}H{width}z"
    )


def _text(text: str, middle: float, width: int) -> str:
    return (
        f'<text x="{middle:g}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )


def _width(letter: str) -> int:
    at = ord(letter) - _FIRST
    if at < len(_WIDTHS):
        return _WIDTHS[at]
    if combining(letter):
        return 0
    return _WIDE if east_asian_width(letter) in "WF" else _OTHER
