"""Texts in pictures: what a user named is drawn letter by letter, where matplotlib would set it as mathematics."""

from textwrap import fill

from bayesmix.report.pictures.plot_look import look
from bayesmix.visible import visible

_CHARACTERS_PER_INCH = 16.5  # of small text in matplotlib's own size
LABEL_WIDTH = 4.0  # inches that the label of an axis may take
_FEWEST = 30  # characters of a line


def characters(inches: float) -> int:
    """How many characters of small text have room in `inches`."""
    return int(inches * _CHARACTERS_PER_INCH / look().scale)


def literal(text: str, *, inches: float | None = None) -> str:
    """`text` for matplotlib to draw as it stands, dollar signs included, on a line of at most `inches` of small text.

    Control characters and line breaks are written out; line breaks of our own are added afterwards.
    """
    shown = visible(text) if inches is None else shortened(text, inches)
    return shown.replace("$", r"\$")


def shortened(text: str, width: float) -> str:
    """`text` in one line of `width` inches of small text: beginning and end with an ellipsis between."""
    text = visible(text)
    most = max(3, characters(width))
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def wrapped(text: str, inches: float) -> str:
    """`text` as `literal` has it, in lines of `inches`."""
    return fill(literal(text), max(_FEWEST, characters(inches)))
