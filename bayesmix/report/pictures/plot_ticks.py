"""Ticks: whole numbers where matplotlib would write a power of ten over a title, few values, and names of levels."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray

from bayesmix.report.pictures.plot_look import literal, look, shortened

_MOST_DIGITS = 15
_NOUGHT = 1e-6  # share of the distance of two ticks below which a number is 0
_MOST_VALUES = 6  # of a predictor that has its ticks there
_LETTER, _GAP = 0.09, 0.08  # inches of a letter of small text, and between two numbers
_WITHIN = 0.9  # share of an axis between its lowest and its highest point
_NAMED_LETTER = 0.075  # inches of a letter of a level's name
_NAME = 1.3  # inches of a level's name at most
_MOST_NAMES = 60


class WholeNumbers(ScalarFormatter):
    """Numbers as matplotlib writes them, except that very large, small and close ones are written in full."""

    def format_ticks(self, values: list[float]) -> list[str]:
        """The numbers at ticks."""
        texts = super().format_ticks(values)
        if not super().get_offset():
            return texts
        gaps = np.diff(np.unique(np.asarray(values, dtype=float)))
        step = float(gaps[gaps > 0].min(initial=np.inf))
        return [self.fix_minus(_whole(value, step)) for value in values]

    def get_offset(self) -> str:
        """Nothing: every number is whole."""
        return ""


def _whole(value: float, step: float) -> str:
    """`value` with the digits that distinguish ticks at a distance of `step`."""
    if not np.isfinite(step):
        return f"{value:g}"
    if abs(value) < _NOUGHT * step:
        return "0"
    digits = int(np.floor(np.log10(abs(value))) - np.floor(np.log10(step))) + 2
    return f"{value:.{min(digits, _MOST_DIGITS)}g}"


def whole_numbers(ax: Axes, which: Literal["x", "y"] = "y") -> None:
    """Let an axis write whole numbers, unless its ticks were set.

    The horizontal axis has room for a power of ten at its end, unless a label is there.
    """
    axis = ax.xaxis if which == "x" else ax.yaxis
    if type(axis.get_major_formatter()) is ScalarFormatter:
        axis.set_major_formatter(WholeNumbers())


def ticks_at_values(ax: Axes, values: NDArray[np.float64], inches: float) -> bool:
    """Set the ticks of the horizontal axis of `inches` at the few different `values` (n,); returns whether it did.

    Round numbers between 0 and 1 have no meaning for a predictor that is 0 or 1. Where there are many values, or no
    room for their numbers, ticks stay as they are.
    """
    at = np.unique(values)
    texts = [f"{value:g}" for value in at]
    if not 1 < len(at) <= _MOST_VALUES or len(set(texts)) < len(at):
        return False
    widths = np.array([len(text) for text in texts]) * _LETTER * look().scale
    apart = np.diff(at) / np.ptp(at) * _WITHIN * inches
    if (apart < (widths[1:] + widths[:-1]) / 2 + _GAP).any():
        return False
    ax.set_xticks(at, [ScalarFormatter.fix_minus(text) for text in texts])
    return True


def name_levels(ax: Axes, names: Sequence[str], inches: float) -> bool:
    """Write the names of levels at 0, 1, ... below axes of `inches`, upright where they would touch.

    Returns whether it did: of very many levels no name can be read.
    """
    if len(names) > _MOST_NAMES:
        ax.set_xticks([])
        return False
    style, texts = look(), [shortened(name, _NAME) for name in names]
    room = inches / max(1, len(texts))
    upright = max(map(len, texts), default=0) * _NAMED_LETTER * style.scale > room
    rotation = 90 if upright else 0
    ax.set_xticks(range(len(texts)), [literal(text) for text in texts], rotation=rotation, fontsize=style.small)
    return True


def width_of(ax: Axes) -> float:
    """The width of axes in inches, as far as it is known before the figure is drawn."""
    return float(ax.get_position().width * ax.get_figure(root=True).get_figwidth())  # type: ignore[union-attr]
