"""How the pictures look: colours that colour-blind readers can tell apart, inks, letters, and names that users gave.

Matplotlib's global settings are read and stay as they are; everything is set on the artists themselves.
"""

from dataclasses import dataclass
from textwrap import fill

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex, to_rgb, to_rgba

from bayesmix.visible import visible

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # Okabe & Ito
SKY, ORANGE = "#56B4E9", "#E69F00"

POINT_SIZE = 12.0

_INK, _GREY, _LIGHT = 0.8, 0.52, 0.15  # shares of the colour of text in the colour of the ground
_TITLE, _TEXT, _SMALL, _TINY = 1.0, 0.9, 0.8, 0.7  # of the letters of matplotlib's settings
_USUAL_SIZE = 10.0
_CHARACTERS_PER_INCH = 15.8  # of small text in matplotlib's own size
LABEL_WIDTH = 4.0  # inches that the label of an axis may take
_FEWEST = 30  # characters of a line


@dataclass(frozen=True)
class Look:
    """Inks from dark to light on the `ground`, and sizes of letters in points; `scale` is 1 by default."""

    ink: str
    grey: str
    light: str
    ground: str
    title: float
    text: float
    small: float
    tiny: float
    scale: float

    @property
    def cycle(self) -> tuple[str, ...]:
        """Colours of things beside each other."""
        return (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, self.ink)


def look() -> Look:
    """The look under matplotlib's present settings: a dark style has light inks, and large letters stay large."""
    ground, text = np.array(_ground()), np.array(to_rgb(mpl.rcParams["text.color"]))
    ink, grey, light = (to_hex(tuple(share * text + (1 - share) * ground)) for share in (_INK, _GREY, _LIGHT))
    size = float(mpl.rcParams["font.size"])
    return Look(
        ink=ink,
        grey=grey,
        light=light,
        ground=to_hex(tuple(ground)),
        title=_TITLE * size,
        text=_TEXT * size,
        small=_SMALL * size,
        tiny=_TINY * size,
        scale=size / _USUAL_SIZE,
    )


def _ground() -> tuple[float, float, float]:
    """The colour behind the axes, of which settings may be transparent."""
    for name in ("axes.facecolor", "figure.facecolor"):
        *colour, opacity = to_rgba(mpl.rcParams[name])
        if opacity > 0:
            return (colour[0], colour[1], colour[2])
    return (1.0, 1.0, 1.0)


def characters(inches: float) -> int:
    """The number of characters of small text that fit into `inches`."""
    return int(inches * _CHARACTERS_PER_INCH / look().scale)


def literal(text: str, *, inches: float | None = None) -> str:
    """`text` on a line of at most `inches`, for matplotlib to draw letter by letter, where it would set mathematics.

    Control characters and line breaks are written out; line breaks of our own are added afterwards.
    """
    shown = visible(text) if inches is None else shortened(text, inches)
    return shown.replace("$", r"\$")


def shortened(text: str, width: float) -> str:
    """`text` on one line of `width` inches; where it is too long, its beginning and end with an ellipsis between."""
    text = visible(text)
    most = max(3, characters(width))
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def wrapped(text: str, inches: float) -> str:
    """`text` as `literal` returns it, in lines of `inches`."""
    return fill(literal(text), max(_FEWEST, characters(inches)))
