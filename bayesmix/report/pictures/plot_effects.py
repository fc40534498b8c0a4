"""How does the expected response change along a column, with all else alike?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, UnknownTermError, listing, shown
from bayesmix.formula.design import Design
from bayesmix.hints import with_hints
from bayesmix.inference.means.emmeans import TYPES, as_mapping, emmeans
from bayesmix.inference.means.families import functions_of
from bayesmix.inference.means.linear_functions import LinearFunctions
from bayesmix.inference.means.reference_grid import reference_grid
from bayesmix.inference.means.variables import GridVariable
from bayesmix.inference.shared.arguments import a_switch, near_matches, one_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit
from bayesmix.report.pictures.means_layers import about_groups, label_of_means, points_of, rows_with
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas, any_fit
from bayesmix.report.pictures.plot_look import literal, look, shortened
from bayesmix.report.pictures.plot_means import plot_means
from bayesmix.report.pictures.plot_style import Handle, frame, panels
from bayesmix.report.pictures.plot_ticks import ticks_at_values

_POINTS = 80
_WIDTH, _HEIGHT = 4.6, 3.2  # inches of a panel
_AREA = 0.18  # opacity of a band
_NAMED = 3.0  # inches of a name


@dataclass(frozen=True)
class _Curve:
    """Expected response along x for one value of `by`: `mean`, `lower`, `upper` (n_points,), and its observations."""

    label: str
    mean: Floats
    lower: Floats
    upper: Floats
    points_x: Floats
    points_y: Floats


@with_hints
def plot_effects(
    fit: AnyFit,
    x: str,
    by: str | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    type: str = "response",
    groups: str = "typical",
    prob: float = 0.95,
    data: bool = True,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Expected response along a column, for each level of another, as `conditional_effects` of brms.

    Parameters
    ----------
    fit
        A fitted model.
    x
        A variable of the fixed part. A number is drawn from its lowest to its highest value in the data; for a factor
        its means are drawn, as by `plot_means`.
    by
        A factor whose levels have a curve and a colour each, or a number, of which the mean and one sd to either side
        stand for it, or the values in `at`.
    at
        Values of other variables, as in `emmeans`; by default numbers are at their means, and averages are taken over
        factors.
    type, groups, prob
        As in `emmeans`.
    data
        Whether the observations are drawn.
    ax, figsize, caption
        Axes for the panel, or the size of a new figure in inches. Whether the caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        Lines are posterior means or estimates, bands intervals of the expected response, not of new observations.
        Points are the observations as they are: those with other values than the curve's in further variables lie off
        the curve for that reason too. Curves that cannot be estimated are left out, which the caption says.

    Raises
    ------
    UnknownTermError
        `x` or `by` is no variable of the fixed part.
    ArgumentError
        Another argument is not known.
    """
    fit = any_fit(fit)
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    type, data = one_of(type, TYPES, argument="type"), a_switch(data, argument="data")
    variables = {one.name: one for one in reference_grid(fit.design, {}, None).variables if one.shown}
    along = _a_variable(x, variables, argument="x")
    beside = None if by is None else _a_variable(by, variables, argument="by")
    if beside is not None and beside.name == along.name:
        raise ArgumentError(f"by={shown(by)} is along the axis already; name another variable, or leave it out.")
    at = dict(as_mapping(at))
    if beside is not None and beside.codes is None and beside.name not in at:
        at[beside.name] = _around_mean(fit.design, beside.name)
    names = [one.name for one in (along, beside) if one is not None]
    settings: dict[str, Any] = {"type": type, "groups": groups, "prob": prob}
    if along.codes is not None:
        means = emmeans(fit, names, at=at, **settings)
        return plot_means(means, x, by, data=data, ax=ax, figsize=figsize, caption=caption)
    values = _column(fit.design, along.name)
    places = np.linspace(values.min(), values.max(), _POINTS)
    means = emmeans(fit, names, at=at | {along.name: places}, **settings)
    linear = functions_of(means, question="plot_effects")
    value = str(means.columns[linear.labels.shape[1]])
    observations = points_of(linear, is_trend=False) if data else None
    curves = _curves(means, linear, value, values, beside, observations)
    figure, (panel,) = panels(canvas, 1, n_columns=1, width=_WIDTH, height=_HEIGHT, margin=1.2)
    for curve, colour in zip(curves, look().cycle * len(curves), strict=False):
        _draw(panel, curve, places, colour)
    ticks_at_values(panel, values, _WIDTH)
    frame(
        figure,
        canvas,
        text=_caption(linear, curves, observations),
        x_label=column_with_unit(fit.design, along.name),
        y_label=label_of_means(linear, value),
        handles=_handles(by, curves) if by is not None else (),
    )
    return figure


def _a_variable(name: object, variables: Mapping[str, GridVariable], *, argument: str) -> GridVariable:
    if not isinstance(name, str) or name not in variables:
        have = f"Variables: {listing(variables)}." if variables else "The fixed part has none."
        raise UnknownTermError(
            f"{argument}={shown(name)} is no variable of the fixed part.{near_matches(name, variables)} {have}"
        )
    return variables[name]


def _column(design: Design, name: str) -> Floats:
    return design.data[name].to_numpy(dtype=float, na_value=np.nan)


def _around_mean(design: Design, name: str) -> list[float]:
    values = _column(design, name)
    return [float(values.mean() + steps * values.std(ddof=1)) for steps in (-1, 0, 1)]


def _curves(
    means: pd.DataFrame,
    linear: LinearFunctions,
    value: str,
    x: Floats,
    beside: GridVariable | None,
    observations: Floats | None,
) -> list[_Curve]:
    labels = linear.labels
    levels: Sequence[object] = [None] if beside is None else list(dict.fromkeys(labels[beside.name]))
    curves = []
    for number, level in enumerate(levels):
        rows = np.ones(len(labels), dtype=bool)
        own = np.full(len(x), number == 0)
        if beside is not None:
            rows = (labels[beside.name] == level).to_numpy()
            own = rows_with(linear.design, beside.name, level) if beside.codes is not None else own
        own &= observations is not None
        part = means[rows]
        curves.append(
            _Curve(
                label="" if level is None else _short(level),
                mean=part[value].to_numpy(dtype=float),
                lower=part["lower"].to_numpy(dtype=float),
                upper=part["upper"].to_numpy(dtype=float),
                points_x=x[own],
                points_y=np.empty(0) if observations is None else observations[own],
            )
        )
    return curves


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _draw(ax: Axes, curve: _Curve, places: Floats, colour: str) -> None:
    ax.scatter(curve.points_x, curve.points_y, s=9, color=colour, alpha=0.4, linewidths=0, zorder=1, label="data")
    if np.isfinite(curve.mean).any():
        ax.fill_between(places, curve.lower, curve.upper, color=colour, alpha=_AREA, linewidth=0, zorder=2)
        ax.plot(places, curve.mean, color=colour, linewidth=1.6, zorder=3)


def _handles(by: str, curves: Sequence[_Curve]) -> list[Handle]:
    colours = look().cycle * len(curves)
    return [
        Line2D([], [], color=colour, linewidth=1.6, label=literal(f"{shortened(by, 1.0)} {curve.label}", inches=_NAMED))
        for curve, colour in zip(curves, colours, strict=False)
    ]


def _caption(linear: LinearFunctions, curves: Sequence[_Curve], observations: Floats | None) -> str:
    is_posterior = isinstance(linear.fit, Fit)
    line = "posterior mean of the expected response" if is_posterior else "expected response at the estimates"
    interval = "equal-tailed interval" if is_posterior else "confidence interval"
    text = f"Lines: {line}; bands: {100 * linear.prob:g} % {interval}.{about_groups(linear)}"
    if observations is not None:
        text += " Points: observations."
    unknown = sum(bool(np.isnan(curve.mean).all()) for curve in curves)
    if unknown:
        text += (
            f" {unknown} of {len(curves)} curves cannot be estimated and {'is' if unknown == 1 else 'are'} left out."
        )
    return text
