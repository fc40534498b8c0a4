"""Numbers beside ticks: whole ones, where matplotlib would put a common power of ten over a picture's title."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import ScalarFormatter

_MOST_DIGITS = 15
_NOUGHT = 1e-6  # of the distance of two ticks: a number as small as this is 0


class WholeNumbers(ScalarFormatter):
    """The numbers that matplotlib writes, but for very large, very small and very close ones: these as they are."""

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
    """`value` with as many digits as tell ticks apart that are `step` from each other."""
    if not np.isfinite(step):
        return f"{value:g}"
    if abs(value) < _NOUGHT * step:
        return "0"
    digits = int(np.floor(np.log10(abs(value))) - np.floor(np.log10(step))) + 2
    return f"{value:.{min(digits, _MOST_DIGITS)}g}"


def whole_numbers(ax: Axes) -> None:
    """Let the vertical axis write whole numbers, where they are matplotlib's own; the other has room at its end."""
    if type(ax.yaxis.get_major_formatter()) is ScalarFormatter:
        ax.yaxis.set_major_formatter(WholeNumbers())
