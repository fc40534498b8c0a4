"""Numbers beside ticks: whole ones, where matplotlib would put a common power of ten over a picture's title."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import ScalarFormatter

_MOST_DIGITS = 15


class WholeNumbers(ScalarFormatter):
    """The numbers that matplotlib writes, but for very large, very small and very close ones: these as they are."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The number at a tick."""
        if not super().get_offset():
            return super().__call__(x, pos)
        ticks = np.unique(np.asarray(self.locs, dtype=float))
        gaps = np.diff(ticks)
        gaps = gaps[gaps > 0]
        if not len(gaps):
            return f"{x:g}"
        if abs(x) < 1e-6 * gaps.min():
            return "0"
        digits = int(np.floor(np.log10(abs(x))) - np.floor(np.log10(gaps.min()))) + 2
        return self.fix_minus(f"{x:.{min(digits, _MOST_DIGITS)}g}")

    def get_offset(self) -> str:
        """Nothing: every number is whole."""
        return ""


def whole_numbers(ax: Axes) -> None:
    """Let the vertical axis write whole numbers, where they are matplotlib's own; the other has room at its end."""
    if type(ax.yaxis.get_major_formatter()) is ScalarFormatter:
        ax.yaxis.set_major_formatter(WholeNumbers())
