"""How far is each level from the whole, and how sure is that: a caterpillar of group effects."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayesmix.inference.arguments import groups_of
from bayesmix.inference.ranef import ranef
from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit, one_group, one_term
from bayesmix.report.plot_style import BLUE, GREY, INK, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, dress, frame
from bayesmix.report.plot_text import LABEL_WIDTH, literal

WIDE, NARROW = 0.95, 0.50
MOST_LABELS = 60
_TITLE, _LEVEL = 2.0, 1.6  # inches of a panel's title and labels, and of a level's name


@dataclass(frozen=True)
class Caterpillar:
    """One panel: the effects of `term` by level of `group`, the lowest first; `wide` and `narrow` have
    `mean`, `lower`, `upper` and `level` at their probability, in the same order."""

    group: str
    term: str
    wide: pd.DataFrame
    narrow: pd.DataFrame


def plot_ranef(fit: Fit, group: str | None = None, term: str | None = None) -> Figure:
    """Group effects, sorted by their posterior mean, with 50 % and 95 % equal-tailed intervals.

    Parameters
    ----------
    fit
        A fitted model.
    group
        One grouping factor; by default all, one row of panels each.
    term
        One column that varies by group, such as ``"Days"``; by default all, one panel each.

    Returns
    -------
    matplotlib.figure.Figure
        Link scale; 0 is a level like the whole. Each panel has its own order. Panels of the same column share
        their horizontal limits, so that groups can be compared. With more than 60 levels ranks stand for the
        names.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or `term` does not vary by it.
    """
    fit = a_fit(fit)
    first = one_group(fit.design, group)
    groups = (first,) if group is not None else groups_of(fit.design, None)
    by_group = {name: _caterpillars(fit, name) for name in groups}
    if term is not None:
        every = [c.term for row in by_group.values() for c in row]
        one_term(term, list(dict.fromkeys(every)), " or ".join(groups))
        by_group = {g: kept for g, row in by_group.items() if (kept := [c for c in row if c.term == term])}

    rows = list(by_group.values())
    heights = [_height(len(row[0].wide)) for row in rows]
    n_columns = max(len(row) for row in rows)
    width = 3.6 if n_columns < 3 else 2.8
    figure, axes = plt.subplots(
        len(rows),
        n_columns,
        figsize=(max(5.0, width * n_columns), sum(heights) + 0.6),
        squeeze=False,
        height_ratios=heights,
        layout="constrained",
    )
    limits = _limits([panel for row in rows for panel in row])
    for i, row in enumerate(rows):
        for j in range(n_columns):
            if j >= len(row):
                axes[i, j].set_visible(False)
                continue
            _draw(axes[i, j], row[j])
            axes[i, j].set_xlim(limits[row[j].term])
    scale = "" if fit.family.link == "identity" else f" on the {fit.family.link} scale"
    frame(
        figure,
        text=f"Group effects{scale}: posterior mean, {100 * NARROW:g} % (thick) and {100 * WIDE:g} % (thin) "
        "equal-tailed intervals; levels sorted by the mean, each panel for itself. Grey: the interval includes 0.",
    )
    return figure


def _caterpillars(fit: Fit, group: str) -> list[Caterpillar]:
    wide, narrow = (ranef(fit, group=group, prob=prob) for prob in (WIDE, NARROW))
    panels = []
    for term in dict.fromkeys(wide["term"]):
        chosen = wide[wide["term"] == term].sort_values("mean", kind="stable")
        panels.append(Caterpillar(group, str(term), chosen, narrow.loc[chosen.index]))
    return panels


def _height(n_levels: int) -> float:
    return 0.75 + (0.155 * max(n_levels, 4) if n_levels <= MOST_LABELS else 4.5)


def _limits(panels: list[Caterpillar]) -> dict[str, tuple[float, float]]:
    """Horizontal limits that panels of one column share, with 0 among them."""
    limits = {}
    for term in {panel.term for panel in panels}:
        lowest = min(0.0, *(p.wide["lower"].min() for p in panels if p.term == term))
        highest = max(0.0, *(p.wide["upper"].max() for p in panels if p.term == term))
        room = 0.04 * (highest - lowest) or 0.5
        limits[term] = (lowest - room, highest + room)
    return limits


def _draw(ax: Axes, panel: Caterpillar) -> None:
    dress(ax)
    wide, narrow = panel.wide, panel.narrow
    rank = np.arange(1, len(wide) + 1)
    crowded = len(wide) > MOST_LABELS
    clear = (wide["lower"] > 0) | (wide["upper"] < 0)
    colours = [BLUE if is_clear else GREY for is_clear in clear]
    ax.axvline(0, color=INK, linewidth=0.7, zorder=1)
    ax.hlines(rank, wide["lower"], wide["upper"], colors=colours, linewidth=0.5 if crowded else 1.0, zorder=2)
    ax.hlines(rank, narrow["lower"], narrow["upper"], colors=colours, linewidth=1.0 if crowded else 2.8, zorder=3)
    ax.scatter(
        wide["mean"], rank, s=3 if crowded else 14, c=[INK] * len(wide) if crowded else colours, zorder=4, linewidths=0
    )
    if not crowded:
        ax.scatter(wide["mean"], rank, s=4, color="white", zorder=5, linewidths=0)
    ax.set_ylim(0.3, len(wide) + 0.7)
    ax.set_title(literal(f"{panel.term} by {panel.group}", inches=_TITLE), loc="left", fontsize=TITLE_SIZE, color=INK)
    ax.set_xlabel(literal(f"effect on {panel.term}", inches=_TITLE), fontsize=TEXT_SIZE)
    if crowded:
        ax.yaxis.set_major_locator(MaxNLocator(7, integer=True))
        ax.set_ylabel(
            literal(f"rank among {len(wide)} levels of {panel.group}", inches=LABEL_WIDTH), fontsize=TEXT_SIZE
        )
    else:
        ax.set_yticks(rank, [literal(level, inches=_LEVEL) for level in wide["level"]], fontsize=SMALL_SIZE)
        ax.tick_params(axis="y", length=0)
        ax.set_ylabel(literal(panel.group, inches=_TITLE), fontsize=TEXT_SIZE)
