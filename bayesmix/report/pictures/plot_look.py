"""How the pictures look: colours that colour-blind readers can tell apart, inks and letters as matplotlib is set.

Everything is put on the artists themselves; matplotlib's global settings are read and stay as they are.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex, to_rgb, to_rgba

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # Okabe & Ito
SKY, ORANGE = "#56B4E9", "#E69F00"

POINT_SIZE = 12.0

_INK, _GREY, _LIGHT = 0.8, 0.52, 0.15  # shares of the colour of text in the colour of the ground
_TITLE, _TEXT, _SMALL, _TINY = 1.0, 0.9, 0.8, 0.7  # of the letters of matplotlib's settings
_USUAL_SIZE = 10.0


@dataclass(frozen=True)
class Look:
    """Inks from dark to light on the `ground`, and sizes of letters in points.

    `scale`: how large letters are beside those of matplotlib's defaults.
    """

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
    """The look under matplotlib's present settings: a dark style has light inks, large letters stay large."""
    ground, text = _ground(), to_rgb(mpl.rcParams["text.color"])
    ink, grey, light = (_mixed(text, ground, share) for share in (_INK, _GREY, _LIGHT))
    size = float(mpl.rcParams["font.size"])
    return Look(
        ink=ink,
        grey=grey,
        light=light,
        ground=to_hex(ground),
        title=_TITLE * size,
        text=_TEXT * size,
        small=_SMALL * size,
        tiny=_TINY * size,
        scale=size / _USUAL_SIZE,
    )


def _ground() -> tuple[float, float, float]:
    """What lies behind the axes; settings may leave it open."""
    for name in ("axes.facecolor", "figure.facecolor"):
        *colour, opacity = to_rgba(mpl.rcParams[name])
        if opacity > 0:
            return (colour[0], colour[1], colour[2])
    return (1.0, 1.0, 1.0)


def _mixed(text: tuple[float, ...], ground: tuple[float, ...], share: float) -> str:
    return to_hex(tuple(share * np.array(text) + (1 - share) * np.array(ground)))
