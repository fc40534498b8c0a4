"""How far is each level from the overall mean, and how sure is that: a caterpillar plot of group effects."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.stats import norm

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import groups_of, one_term
from bayesmix.inference.tables.ranef import ranef
from bayesmix.modelling.kinds import MIXED, family_of, refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import response_text, unit_of_coefficient, with_unit
from bayesmix.report.pictures.plot_arguments import a_canvas, one_group
from bayesmix.report.pictures.plot_canvas import Canvas, new_figure
from bayesmix.report.pictures.plot_look import BLUE, LABEL_WIDTH, characters, literal, look
from bayesmix.report.pictures.plot_style import dress, frame, panel_title

WIDE, NARROW = 0.95, 0.50
MOST_LABELS = 60
_NAMED = 5  # lowest and highest of many levels
_LEVEL = 1.6  # inches of a level's name
_EXTREME = 1.1  # inches of the name of a level that is written into the panel
_USUAL, _BESIDE = 0.5, 0.6  # inches of names for which a panel has room, and of its axis label and margins


@dataclass(frozen=True)
class Caterpillar:
    """One panel: the effects of `term` by level of `group`, the lowest first, with a `wide` and a `narrow` interval.

    Both tables have the columns `level`, `mean`, `lower` and `upper`, and the same order.
    """

    group: str
    term: str
    wide: pd.DataFrame
    narrow: pd.DataFrame


@with_hints
def plot_ranef(
    fit: Fit | RemlFit | LaplaceFit,
    group: str | None = None,
    term: str | None = None,
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Group effects, sorted by their posterior mean, with 50 % and 95 % equal-tailed intervals.

    Parameters
    ----------
    fit
        A fitted model with random terms; a REML or Laplace fit shows its conditional modes.
    group
        One grouping factor; by default all, with a row of panels for each.
    term
        One column that varies by group, such as ``"Days"``; by default all, with a panel for each.
    ax, figsize, caption
        Axes for a single panel, which `group` and `term` choose; or the size of a new figure in inches, by default what
        the levels need. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        Link scale; 0 is a level like the overall mean. Each panel has its own order. Panels of the same column share
        their horizontal limits, so that groups can be compared. With more than 60 levels ranks stand in for the names,
        and the five lowest and highest are named. Intervals of conditional modes are normal, from their conditional
        sds, which ignore the error of the variances.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or `term` does not vary by it.
    ArgumentError
        `ax` was given to a picture of several panels.
    """
    refuse_other_kinds(fit, question="plot_ranef", kinds=MIXED)
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    rows = _chosen(fit, group, term)
    given = canvas.given_panel(sum(len(row) for row in rows), "choose one by group= and term=")
    figure = None if given is None else given.get_figure(root=True)
    axes = np.array([[given]], dtype=object)
    if not isinstance(figure, Figure):
        figure, axes = _panels(canvas, rows)
    limits, names = _limits([panel for row in rows for panel in row]), _name_width(rows)
    for i, row in enumerate(rows):
        for j in range(axes.shape[1]):
            if j >= len(row):
                axes[i, j].set_visible(False)
                continue
            _draw(axes[i, j], row[j], fit, inches=figure.get_figwidth() / axes.shape[1] - names - _BESIDE)
            axes[i, j].set_xlim(limits[row[j].term])
    frame(figure, canvas, text=_caption(isinstance(fit, Fit), family_of(fit).link))
    return figure


def _chosen(fit: Fit | RemlFit | LaplaceFit, group: str | None, term: str | None) -> list[list[Caterpillar]]:
    """A row of panels for each group that has the term."""
    first = one_group(fit.design, group)
    groups = (first,) if group is not None else groups_of(fit.design, None)
    by_group = {name: _caterpillars(fit, name) for name in groups}
    if term is not None:
        known = [panel.term for row in by_group.values() for panel in row]
        one_term(term, list(dict.fromkeys(known)), " or ".join(groups))
        chosen = [[panel for panel in row if panel.term == term] for row in by_group.values()]
        return [row for row in chosen if row]
    return list(by_group.values())


def _panels(canvas: Canvas, rows: list[list[Caterpillar]]) -> tuple[Figure, np.ndarray]:
    sizes = [len(row[0].wide) for row in rows]
    heights = [0.75 + (0.155 * max(size, 4) if size <= MOST_LABELS else 4.5) for size in sizes]
    n_columns = max(len(row) for row in rows)
    width = (3.6 if n_columns < 3 else 2.8) + max(0.0, _name_width(rows) - _USUAL)
    size = canvas.size(max(5.0, width * n_columns), sum(heights) + 0.6, panels=len(rows) * n_columns)
    figure = new_figure(size)
    return figure, figure.subplots(len(rows), n_columns, squeeze=False, height_ratios=heights)


def _name_width(rows: list[list[Caterpillar]]) -> float:
    """The inches that the longest name of a level takes beside its panel."""
    named = [row[0].wide["level"] for row in rows if len(row[0].wide) <= MOST_LABELS]
    longest = max((len(str(level)) for levels in named for level in levels), default=0)
    return min(_LEVEL, longest / characters(1.0))


def _caption(is_posterior: bool, link: str) -> str:
    scale = "" if link == "identity" else f" on the {link} scale"
    point, intervals = "posterior mean", "equal-tailed intervals"
    if not is_posterior:
        point, intervals = "conditional mode", "intervals from its conditional sd"
    return (
        f"Group effects{scale}: {point}, {100 * NARROW:g} % (thick) and {100 * WIDE:g} % (thin) {intervals}; levels "
        f"sorted by the {point.split()[-1]}, each panel for itself. Grey: the interval includes 0."
    )


def _caterpillars(fit: Fit | RemlFit | LaplaceFit, group: str) -> list[Caterpillar]:
    wide, narrow = (_effects(fit, group, prob) for prob in (WIDE, NARROW))
    panels = []
    for term in dict.fromkeys(wide["term"]):
        chosen = wide[wide["term"] == term].sort_values("mean", kind="stable")
        panels.append(Caterpillar(group, str(term), chosen, narrow.loc[chosen.index]))
    return panels


def _effects(fit: Fit | RemlFit | LaplaceFit, group: str, prob: float) -> pd.DataFrame:
    """Columns `level`, `term`, `mean`, `lower`, `upper`."""
    if isinstance(fit, Fit):
        return ranef(fit, group=group, prob=prob)
    modes = ranef(fit, group=group)
    half = norm.ppf((1 + prob) / 2) * modes["sd"]
    return modes.assign(mean=modes["estimate"], lower=modes["estimate"] - half, upper=modes["estimate"] + half)


def _limits(panels: list[Caterpillar]) -> dict[str, tuple[float, float]]:
    """The horizontal limits that panels of one column share and that include 0."""
    limits = {}
    for term in {panel.term for panel in panels}:
        lowest = min(0.0, *(p.wide["lower"].min() for p in panels if p.term == term))
        highest = max(0.0, *(p.wide["upper"].max() for p in panels if p.term == term))
        room = 0.04 * (highest - lowest) or 0.5
        limits[term] = (lowest - room, highest + room)
    return limits


def _draw(ax: Axes, panel: Caterpillar, fit: Fit | RemlFit | LaplaceFit, *, inches: float) -> None:
    style = look()
    dress(ax)
    wide, narrow = panel.wide, panel.narrow
    rank = np.arange(1, len(wide) + 1)
    crowded = len(wide) > MOST_LABELS
    clear = (wide["lower"] > 0) | (wide["upper"] < 0)
    colours = [BLUE if is_clear else style.grey for is_clear in clear]
    ax.axvline(0, color=style.ink, linewidth=0.7, zorder=1)
    ax.hlines(rank, wide["lower"], wide["upper"], colors=colours, linewidth=0.5 if crowded else 1.0, zorder=2)
    ax.hlines(rank, narrow["lower"], narrow["upper"], colors=colours, linewidth=1.0 if crowded else 2.8, zorder=3)
    points = [style.ink] * len(wide) if crowded else colours
    ax.scatter(wide["mean"], rank, s=3 if crowded else 14, c=points, zorder=4, linewidths=0)
    if not crowded:
        ax.scatter(wide["mean"], rank, s=4, color=style.ground, zorder=5, linewidths=0)
    ax.set_ylim(0.3, len(wide) + 0.7)
    panel_title(ax, f"{response_text(fit.design)}: {panel.term} by {panel.group}", inches=inches)
    ax.set_xlabel(literal(_effect_label(panel, fit), inches=inches), fontsize=style.text)
    if crowded:
        ax.yaxis.set_major_locator(MaxNLocator(7, integer=True))
        label, width = f"rank among {len(wide)} levels of {panel.group}", LABEL_WIDTH
        _name_extremes(ax, list(wide["level"]))
    else:
        ax.set_yticks(rank, [literal(level, inches=_LEVEL) for level in wide["level"]], fontsize=style.small)
        ax.tick_params(axis="y", length=0)
        label, width = panel.group, _LEVEL
    ax.set_ylabel(literal(label, inches=width), fontsize=style.text, labelpad=8)


def _effect_label(panel: Caterpillar, fit: Fit | RemlFit | LaplaceFit) -> str:
    """The kind of effect with its unit, or with the scale on which effects add up."""
    effect = "effect" if panel.term == "Intercept" else f"effect on {panel.term}"
    link = family_of(fit).link
    if link == "identity":
        return with_unit(effect, unit_of_coefficient(fit.design, panel.term))
    return f"{effect} ({link} scale)"


def _name_extremes(ax: Axes, levels: list[str]) -> None:
    """Write the names of the highest and the lowest levels into the corners that a caterpillar plot leaves free."""
    style = look()
    box = {"facecolor": style.ground, "edgecolor": "none", "alpha": 0.6, "pad": 1}
    letters: dict[str, Any] = {
        "transform": ax.transAxes,
        "fontsize": style.tiny,
        "color": style.ink,
        "zorder": 6,
        "bbox": box,
    }
    highest, lowest = levels[: -_NAMED - 1 : -1], levels[_NAMED - 1 :: -1]
    for x, y, ha, va, heading, names in (
        (0.02, 0.99, "left", "top", "highest:", highest),
        (0.98, 0.01, "right", "bottom", "lowest:", lowest),
    ):
        lines = [heading, *(literal(name, inches=_EXTREME) for name in names)]
        ax.text(x, y, "\n".join(lines), ha=ha, va=va, **letters)
