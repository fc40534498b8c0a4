"""Raw means, BLUEs, BLUPs and posterior means of the levels of a group: joined by lines, or as densities."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import gaussian_kde

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import counted
from bayesmix.report.pages.units import Shown
from bayesmix.report.pictures.plot_canvas import Canvas, follow_size
from bayesmix.report.pictures.plot_labels import spread_apart
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look, shortened
from bayesmix.report.pictures.plot_style import head, hide_heights, label_axes, legend, one_axes

STAGES = {"raw_mean": "raw mean", "blue": "BLUE", "blup": "BLUP", "mean": "posterior\nmean"}
_MOST_LABELS = 45
_FURTHEST = 10  # levels that stand out among many
_STAGE = 1.3  # inches from one stage to the next
_LINE, _LETTER = 0.115, 0.062  # inches of a name and of a letter in it
_NAME_WIDTH = 1.35  # inches of a name
_LEAD = 0.17  # of a stage, between point and name
_SAME = 1e-9
_Dash = str | tuple[float, tuple[float, ...]]
_LOOKS: dict[str, tuple[str, str | None, _Dash]] = {
    "raw_mean": ("raw means", None, "-"),
    "blue": ("BLUEs", None, (0, (4, 2))),
    "blup": ("BLUPs", VERMILION, "-"),
    "mean": ("posterior means", BLUE, (0, (1.5, 1))),
}
_N_GRID = 400
_ROW = 0.06  # height of a row of ticks, as a share of the greatest density
_HEADROOM = 1.3  # for the legend
_NOUGHT = 1e-6  # a spread below this share of the whole counts as none


def draw_paths(frame: pd.DataFrame, shown: Shown, canvas: Canvas) -> Axes:
    """Draw the table of `shrinkage` as one line for each level."""
    style = look()
    stages = [column for column in STAGES if column in frame]
    values = frame[stages].to_numpy()
    named = len(frame) <= _MOST_LABELS
    crossed = crossing(values[:, 0], values[:, -1])
    # Nearly all lines cross where there are many.
    moved = np.abs(values[:, -1] - values[:, 0])
    outstanding = crossed if named else moved >= np.sort(moved)[-_FURTHEST]
    with_name = np.ones(len(frame), dtype=bool) if named else outstanding
    names = _names(frame[with_name])
    letters = (2 + max((len(name) for side in names for name in side), default=0)) * _LETTER * style.scale
    height = float(np.clip(1.6 + 0.16 * len(frame), 4.0, 7.5)) if named else 5.0
    ax = one_axes(canvas, width=1.1 + _STAGE * (len(stages) - 1 + 2 * _LEAD) + 2 * letters, height=height)
    places = np.arange(len(stages))
    for path, stands_out in zip(values, outstanding, strict=True):
        known = np.isfinite(path)
        ax.plot(
            places[known],
            path[known],
            color=BLUE if stands_out else style.grey,
            alpha=1.0 if named or stands_out else 0.25,
            linewidth=1.3 if stands_out else 0.9 if named else 0.5,
            marker="o",
            markersize=3.0 if named else 1.5,
            zorder=3 if stands_out else 2,
            label="stands out" if stands_out else "level",
        )
    common = np.ptp(frame["overall"]) <= _SAME * np.abs(frame["overall"]).max()
    if common:
        overall = [frame["overall"].iloc[0]] * 2
        ax.plot(places[[0, -1]], overall, color=style.ink, linewidth=0.7, dashes=(4, 3), zorder=1, label="overall")
    _name(ax, names, values[with_name], values, letters)
    ax.set_xticks(places, [STAGES[stage] for stage in stages], fontsize=style.text)
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    label_axes(ax, "", shown.label)
    of = f"{shown.term} by " if shown.term else ""
    title = f"Shrinkage of {of}{len(frame)} levels of {shown.group}"
    head(ax, canvas, title, _note(frame, stages, crossed, named, common))
    return ax


def crossing(first: Floats, last: Floats) -> Flags:
    """Whether each level changes rank between `first` and `last`; equal values change no rank."""
    room = _SAME * max(float(np.ptp(first)), 1e-300)
    order = np.lexsort((last, first))
    sorted_last = last[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(sorted_last)[:-1]])
    after = np.concatenate([np.minimum.accumulate(sorted_last[::-1])[::-1][1:], [np.inf]])
    crosses = np.empty(len(first), dtype=bool)
    crosses[order] = (before > sorted_last + room) | (after < sorted_last - room)
    return crosses


def _names(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The names on the left and right of the lines; on the left with the numbers of rows where these differ."""
    levels = [shortened(str(level), _NAME_WIDTH) for level in frame.index]
    if frame["n"].nunique() == 1:
        return levels, levels
    return [f"{level} (n {n})" for level, n in zip(levels, frame["n"], strict=True)], levels


def _name(ax: Axes, names: tuple[list[str], list[str]], named: Floats, values: Floats, letters: float) -> None:
    """Write the names of the rows `named` on both sides of all `values`, and again when the picture changes size."""
    figure = ax.get_figure(root=True)

    def place() -> list[Artist]:
        written = _place_names(ax, names, named, values)
        width = ax.get_position().width * figure.get_figwidth()  # type: ignore[union-attr]
        share = min(letters / width, 0.4)
        last = values.shape[1] - 1
        room = (share * last + _LEAD) / (1 - 2 * share)
        ax.set_xlim(-room, last + room)
        return written

    follow_size(figure, place)


def _place_names(ax: Axes, names: tuple[list[str], list[str]], named: Floats, values: Floats) -> list[Artist]:
    """Names that are moved apart where they would cover each other, each with a thin lead to its point."""
    style, written = look(), list[Artist]()
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    height = ax.get_position().height * ax.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    gap = (high - low or 1.0) * _LINE * style.scale / max(height - 0.4, 0.5)
    ends = [low, high]
    for side, column, stage, texts in ((-1, 0, 0, names[0]), (1, -1, values.shape[1] - 1, names[1])):
        moved = spread_apart(named[:, column], gap)
        ends += [moved.min() - gap / 2, moved.max() + gap / 2]
        lead = [stage + side * 0.04, stage + side * 0.15]
        for name, at, label_at in zip(texts, named[:, column], moved, strict=True):
            written += ax.plot(lead, [at, label_at], color=style.light, linewidth=0.6, zorder=1, label="lead")
            text = ax.text(stage + side * _LEAD, label_at, literal(name), va="center")
            text.set(fontsize=style.tiny, color=style.ink, ha="left" if side > 0 else "right")
            written.append(text)
    room = 0.02 * (high - low or 1.0)
    ax.set_ylim(min(ends) - room, max(ends) + room)
    return written


def _note(frame: pd.DataFrame, stages: list[str], crossed: Flags, named: bool, common: bool) -> str:
    n_crossed, over = int(crossed.sum()), "from the first to the last column"
    if not n_crossed:
        parts = [f"No level changes rank {over}."]
    elif named:
        parts = [f"Blue: {counted(n_crossed, 'level')} that change{'s' * (n_crossed == 1)} rank {over}."]
    else:
        parts = [f"{n_crossed} levels change rank {over}; blue and named: the {_FURTHEST} drawn furthest."]
    if common:
        parts.append(
            f"Dashes: {'the overall mean' if 'raw_mean' in stages else 'overall'}, {frame['overall'].iloc[0]:.5g}."
        )
    without = int(frame["blue"].isna().sum())
    if without:
        parts.append(f"Levels that do not determine their own slope, and have no BLUE: {without}.")
    if "mean" in stages:
        parts.append("BLUE and BLUP by REML.")
    return " ".join(parts)


def draw_densities(frame: pd.DataFrame, shown: Shown, canvas: Canvas) -> Axes:
    """Draw the table of `shrinkage` as a density of the levels for each column."""
    ax = one_axes(canvas, width=5.6, height=4.0)
    style = look()
    inks = {"raw_mean": style.grey, "blue": style.ink}
    columns = [column for column in _LOOKS if column in frame]
    everything = frame[columns].to_numpy()
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    spread = high - low or 1.0
    grid = np.linspace(low - 0.35 * spread, high + 0.35 * spread, _N_GRID)
    values = {column: frame[column].dropna().to_numpy() for column in columns}
    varies = {column: len(levels) > 2 and np.ptp(levels) > _NOUGHT * spread for column, levels in values.items()}
    densities = {column: gaussian_kde(values[column])(grid) for column in columns if varies[column]}
    top = max((float(density.max()) for density in densities.values()), default=1.0)
    curves: list[Line2D] = []
    for row, column in enumerate(columns):
        name, colour, dash = _LOOKS[column]
        colour = colour or inks[column]
        levels = values[column]
        label = f"{name}, sd {levels.std(ddof=1):.3g}" if varies[column] else f"{name}, all {levels.mean():.4g}"
        x, y = (grid, densities[column]) if varies[column] else ([levels.mean()] * 2, [0, top])
        curves += ax.plot(x, y, color=colour, linestyle=dash, linewidth=1.6, label=label, zorder=3)
        ticks = np.full(len(levels), -(row + 0.9) * _ROW * top)
        ax.plot(levels, ticks, "|", color=colour, markersize=6, markeredgewidth=0.8, label=f"{name}, each")
    common = np.ptp(frame["overall"]) <= _NOUGHT * spread
    if common:
        overall = [frame["overall"].iloc[0]] * 2
        ax.plot(overall, [0, top], color=style.ink, linewidth=0.6, dashes=(4, 3), zorder=1, label="overall")
    ax.axhline(0, color=style.grey, linewidth=0.5, zorder=1)
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(-(len(columns) + 0.6) * _ROW * top, _HEADROOM * top)
    hide_heights(ax)
    label_axes(ax, shown.label, "")
    legend(ax, curves, ncols=2, loc="upper left")
    noisy = "BLUEs" if shown.term else "Raw means"
    note = (
        f"Densities over the levels, and a tick for each. {noisy} scatter by their own noise besides the levels' "
        "differences; drawn to the whole, BLUPs scatter less."
    )
    if common and varies["blup"]:  # BLUPs that are all the overall mean cover it
        note += f" Dashes: {'overall' if shown.term else 'the overall mean'}, {frame['overall'].iloc[0]:.5g}."
    by = f" in {shown.term}" if shown.term else ""
    head(ax, canvas, f"How {len(frame)} levels of {shown.group} scatter{by}", note)
    return ax
