"""Raw mean, BLUE, BLUP and posterior mean of each level, joined by lines."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import counted
from bayesmix.report.pages.units import Shown
from bayesmix.report.pictures.plot_canvas import Canvas, follow_size
from bayesmix.report.pictures.plot_labels import spread_apart
from bayesmix.report.pictures.plot_look import BLUE, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes
from bayesmix.report.pictures.plot_text import literal, shortened

STAGES = {"raw_mean": "raw mean", "blue": "BLUE", "blup": "BLUP", "mean": "posterior\nmean"}
_MOST_LABELS = 45
_FURTHEST = 10  # levels that stand out among many
_STAGE = 1.3  # inches from one stage to the next
_LINE, _LETTER = 0.115, 0.062  # inches of a name and of a letter in it
_NAME_WIDTH = 1.35  # inches of a name
_LEAD = 0.17  # of a stage, between point and name
_SAME = 1e-9


def draw_paths(frame: pd.DataFrame, shown: Shown, canvas: Canvas) -> Axes:
    """`frame` as `shrinkage` has it."""
    style = look()
    stages = [column for column in STAGES if column in frame]
    values = frame[stages].to_numpy()
    named = len(frame) <= _MOST_LABELS
    crossed = crossing(values[:, 0], values[:, -1])
    # Among many levels nearly all cross.
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
    """Which levels change rank between `first` and `last`; equal values change none."""
    room = _SAME * max(float(np.ptp(first)), 1e-300)
    order = np.lexsort((last, first))
    sorted_last = last[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(sorted_last)[:-1]])
    after = np.concatenate([np.minimum.accumulate(sorted_last[::-1])[::-1][1:], [np.inf]])
    crosses = np.empty(len(first), dtype=bool)
    crosses[order] = (before > sorted_last + room) | (after < sorted_last - room)
    return crosses


def _names(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """What stands left and right of the lines; on the left with the numbers of rows where they differ."""
    levels = [shortened(str(level), _NAME_WIDTH) for level in frame.index]
    if frame["n"].nunique() == 1:
        return levels, levels
    return [f"{level} (n {n})" for level, n in zip(levels, frame["n"], strict=True)], levels


def _name(ax: Axes, names: tuple[list[str], list[str]], named: Floats, values: Floats, letters: float) -> None:
    """Names of the rows `named` on both sides of all `values`, placed anew when the picture gets another size."""
    figure, written = ax.get_figure(root=True), list[Artist]()

    def place() -> None:
        for artist in written:
            artist.remove()
        written.clear()
        _place_names(ax, names, named, values, written)
        width = ax.get_position().width * figure.get_figwidth()  # type: ignore[union-attr]
        share = min(letters / width, 0.4)
        last = values.shape[1] - 1
        room = (share * last + _LEAD) / (1 - 2 * share)
        ax.set_xlim(-room, last + room)

    follow_size(figure, place)


def _place_names(
    ax: Axes, names: tuple[list[str], list[str]], named: Floats, values: Floats, written: list[Artist]
) -> None:
    """Names moved apart where they would cover each other, with a thin lead to the point."""
    style = look()
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    own = ax.get_position().height * ax.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    gap = (high - low or 1.0) * _LINE * style.scale / max(own - 0.4, 0.5)
    ends = [low, high]
    for side, column, place, texts in ((-1, 0, 0, names[0]), (1, -1, values.shape[1] - 1, names[1])):
        moved = spread_apart(named[:, column], gap)
        ends += [moved.min() - gap / 2, moved.max() + gap / 2]
        for name, at, label_at in zip(texts, named[:, column], moved, strict=True):
            written += ax.plot(
                [place + side * 0.04, place + side * 0.15],
                [at, label_at],
                color=style.light,
                linewidth=0.6,
                zorder=1,
                label="lead",
            )
            text = ax.text(place + side * _LEAD, label_at, literal(name), va="center")
            text.set(fontsize=style.tiny, color=style.ink, ha="left" if side > 0 else "right")
            written.append(text)
    room = 0.02 * (high - low or 1.0)
    ax.set_ylim(min(ends) - room, max(ends) + room)


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
