"""How the levels of a group scatter: by raw means, BLUEs, BLUPs and posterior means."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import gaussian_kde

from bayesmix.report.pages.units import Shown
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, look
from bayesmix.report.pictures.plot_style import head, label_axes, legend, one_axes

_Dash = str | tuple[float, tuple[float, ...]]

_LOOKS: dict[str, tuple[str, str | None, _Dash]] = {
    "raw_mean": ("raw means", None, "-"),
    "blue": ("BLUEs", None, (0, (4, 2))),
    "blup": ("BLUPs", VERMILION, "-"),
    "mean": ("posterior means", BLUE, (0, (1.5, 1))),
}
_N_GRID = 400
_ROW = 0.06  # of the greatest density: the height of a row of ticks
_HEADROOM = 1.3  # for the legend
_NOUGHT = 1e-6  # of the spread of all: levels as near to each other as this are one


def draw_densities(frame: pd.DataFrame, shown: Shown, canvas: Canvas) -> Axes:
    """`frame` as `shrinkage` has it."""
    ax = one_axes(canvas, width=5.6, height=4.0)
    style = look()
    inks = {"raw_mean": style.grey, "blue": style.ink}
    columns = [column for column in _LOOKS if column in frame]
    everything = frame[columns].to_numpy()
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    spread = high - low or 1.0
    grid = np.linspace(low - 0.35 * spread, high + 0.35 * spread, _N_GRID)
    values = {column: frame[column].dropna().to_numpy() for column in columns}
    varies = {column: len(own) > 2 and np.ptp(own) > _NOUGHT * spread for column, own in values.items()}
    densities = {column: gaussian_kde(values[column])(grid) for column in columns if varies[column]}
    top = max((float(density.max()) for density in densities.values()), default=1.0)
    curves: list[Line2D] = []
    for row, column in enumerate(columns):
        name, own_colour, dash = _LOOKS[column]
        colour = own_colour or inks[column]
        own = values[column]
        label = f"{name}, sd {own.std(ddof=1):.3g}" if varies[column] else f"{name}, all {own.mean():.4g}"
        x, y = (grid, densities[column]) if varies[column] else ([own.mean()] * 2, [0, top])
        curves += ax.plot(x, y, color=colour, linestyle=dash, linewidth=1.6, label=label, zorder=3)
        at = -(row + 0.9) * _ROW * top
        ax.plot(own, np.full(len(own), at), "|", color=colour, markersize=6, markeredgewidth=0.8, label=f"{name}, each")
    common = np.ptp(frame["overall"]) <= _NOUGHT * spread
    if common:
        overall = [frame["overall"].iloc[0]] * 2
        ax.plot(overall, [0, top], color=style.ink, linewidth=0.6, dashes=(4, 3), zorder=1, label="overall")
    ax.axhline(0, color=style.grey, linewidth=0.5, zorder=1)
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(-(len(columns) + 0.6) * _ROW * top, _HEADROOM * top)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    label_axes(ax, shown.label, "")
    legend(ax, curves, ncols=2, loc="upper left")
    noisy = "BLUEs" if shown.term else "Raw means"
    note = (
        f"Densities over the levels, and a tick for each. {noisy} scatter by their own noise besides the levels' "
        "differences; drawn to the whole, BLUPs scatter less."
    )
    if common and varies["blup"]:  # BLUPs that are all the overall mean cover it
        note += f" Dashes: {'overall' if shown.term else 'the overall mean'}, {frame['overall'].iloc[0]:.5g}."
    what = f" in {shown.term}" if shown.term else ""
    head(ax, canvas, f"How {len(frame)} levels of {shown.group} scatter{what}", note)
    return ax
