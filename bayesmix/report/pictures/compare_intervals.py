"""Estimates with confidence intervals beside the posterior, for each parameter."""

from contextlib import suppress
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from scipy.stats import norm

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.reml.profile import variance_limits
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.pooling.compare_reml import RemlComparison, estimated_by
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.varcorr import RESIDUAL
from bayesmix.report.pages.units import unit_of_coefficient, with_unit
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import frame, hide_heights, panels

_ABOVE, _BELOW = 1.0, 0.0
_WIDTH, _HEIGHT = 2.9, 1.05  # of a panel, in inches
_NEAR_ZERO = 0.4  # of the upper end
_OF_PANEL = 0.92  # of its width is left for the title
_STOPPED = "where the search stopped, as no maximum was found"


@dataclass(frozen=True)
class Pair:
    """One panel: an `estimate` with its `limits` (nan: none), and the `posterior` with its `interval`.

    The `kind` is coefficient, sd or corr. Where an estimate `runs_away` its number is where the search stopped.
    """

    name: str
    kind: str
    estimate: float
    limits: tuple[float, float]
    posterior: float
    interval: tuple[float, float]
    runs_away: bool = False


def draw_intervals(comparison: RemlComparison, canvas: Canvas) -> Figure:
    """A panel for each parameter: coefficients first, then standard deviations and correlations."""
    pairs = [*_coefficients(comparison), *_variances(comparison)]
    n_columns = min(3, len(pairs)) if len(pairs) != 4 else 2
    figure, axes = panels(canvas, len(pairs), n_columns=n_columns, width=_WIDTH, height=_HEIGHT, margin=1.0)
    for ax, pair in zip(axes, pairs, strict=True):
        _draw(ax, pair)
    estimates = estimated_by(comparison.reml)
    if isinstance(comparison.reml, RemlFit) or comparison.reml.converged:
        estimates += ", confidence interval"
    handles = [
        Line2D([], [], color=colour, marker="o", markersize=4, linewidth=1.6, label=label)
        for colour, label in ((VERMILION, estimates), (BLUE, "posterior"))
    ]
    frame(figure, canvas, text=_caption(comparison, pairs), handles=handles)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(hspace=0.08, wspace=0.06)
    return figure


def _coefficients(comparison: RemlComparison) -> list[Pair]:
    reml, prob = comparison.reml, comparison.prob
    limits = comparison.fixed[["reml", "reml"]].to_numpy() + norm.ppf((1 + prob) / 2) * np.outer(
        comparison.fixed["se"], [-1, 1]
    )
    unit = {}
    if isinstance(reml, LaplaceFit) and not reml.converged:
        limits = np.full_like(limits, np.nan)
    if isinstance(reml, RemlFit):
        with suppress(ArgumentError):  # no degrees of freedom for a very large model, where z is as good
            limits = fixef(reml, prob=prob)[["lower", "upper"]].to_numpy()
        unit = {name: unit_of_coefficient(reml.design, str(name)) for name in comparison.fixed.index}
    return [
        Pair(
            name=with_unit(str(name), unit.get(name, "")),
            kind="coefficient",
            estimate=row["reml"],
            limits=(ends[0], ends[1]),
            posterior=row["mean"],
            interval=(row["lower"], row["upper"]),
            runs_away=bool(row["note"]),
        )
        for (name, row), ends in zip(comparison.fixed.iterrows(), limits, strict=True)
    ]


def _variances(comparison: RemlComparison) -> list[Pair]:
    reml, pairs = comparison.reml, []
    rows = zip(comparison.variance.iterrows(), _variance_limits(comparison), strict=True)
    for ((group, first, second), row), ends in rows:
        is_sd = first == second
        unit = unit_of_coefficient(reml.design, first or "Intercept") if isinstance(reml, RemlFit) and is_sd else ""
        if group == RESIDUAL and not first:
            name = "residual sd"
        else:
            name = f"sd of {first} by {group}" if is_sd else f"corr({first}, {second}) by {group}"
        pairs.append(
            Pair(
                name=with_unit(name, unit),
                kind="sd" if is_sd else "corr",
                estimate=row["reml"],
                limits=(float(ends[0]), float(ends[1])),
                posterior=row["median"],
                interval=(row["lower"], row["upper"]),
            )
        )
    return pairs


def _variance_limits(comparison: RemlComparison) -> Floats:
    """Profile intervals of standard deviations and correlations, (n_parameters, 2); nan where there are none."""
    if isinstance(comparison.reml, RemlFit):
        with suppress(ArgumentError):  # a model that would take too long: the estimates are shown alone
            return variance_limits(comparison.reml, comparison.prob)
    return np.full((len(comparison.variance), 2), np.nan)


def _draw(ax: Axes, pair: Pair) -> None:
    style, (low, high) = look(), _range(pair)
    ax.set_xlim(low, high)
    ax.set_ylim(_BELOW - 0.6, _ABOVE + 0.6)
    hide_heights(ax)
    ax.locator_params(axis="x", nbins=5)
    if low <= 0 <= high:
        ax.axvline(0, color=style.light, linewidth=0.8, zorder=1)
    ax.plot(pair.interval, [_BELOW] * 2, color=BLUE, linewidth=1.6, solid_capstyle="butt", zorder=2, label="interval")
    ax.plot([pair.posterior], [_BELOW], "o", color=BLUE, markersize=4, zorder=3, label="posterior")
    if pair.runs_away or np.isnan(pair.estimate):
        reason = f"runs away (at {pair.estimate:.3g})" if pair.runs_away else "none: a sd is 0"
        ax.text((low + high) / 2, _ABOVE, reason, ha="center", va="center", fontsize=style.small, color=VERMILION)
    else:
        ends = [end if np.isfinite(end) else high for end in pair.limits]
        if not np.isnan(pair.limits).any():
            ax.plot(ends, [_ABOVE] * 2, color=VERMILION, linewidth=1.6, solid_capstyle="butt", zorder=2, label="limits")
        if np.isinf(pair.limits[1]):
            ax.plot([high], [_ABOVE], ">", color=VERMILION, markersize=5, clip_on=False, zorder=3, label="no end")
        ax.plot(
            [pair.estimate], [_ABOVE], "o", color=VERMILION, markersize=4, clip_on=False, zorder=3, label="estimate"
        )
    name = literal(pair.name, inches=_OF_PANEL * _WIDTH)
    ax.set_title(name, loc="left", fontsize=style.small, color=style.ink, pad=2)


def _range(pair: Pair) -> tuple[float, float]:
    """The limits of a panel: from 0 for a standard deviation near 0, the whole range for a correlation."""
    if pair.kind == "corr":
        return -1.04, 1.04
    values = [*pair.interval] if pair.runs_away else [*pair.interval, pair.estimate, *pair.limits]
    finite = [value for value in values if np.isfinite(value)]
    low, high = min(finite), max(finite)
    from_zero = pair.kind == "sd" and low < _NEAR_ZERO * high
    low = 0.0 if from_zero else low
    room = 0.06 * (high - low) or 0.5
    # There is a little room below a standard deviation of 0, whose point is drawn whole.
    return low - (0.3 if from_zero else 1.0) * room, high + room


def _caption(comparison: RemlComparison, pairs: list[Pair]) -> str:
    interval = f"{100 * comparison.prob:g}\N{NO-BREAK SPACE}%"
    sds = [pair for pair in pairs if pair.kind == "sd"]
    has_sds = bool(sds) and not any(np.isnan(pair.limits).any() for pair in sds)
    method, scale = _method_and_scale(comparison.reml, has_sds)
    above = f"estimate, {interval} confidence interval of coefficients {method}" if method else _STOPPED
    point = "mean of coefficients, median of sds and correlations"
    return f"Above: {above}. Below: posterior {point}, {interval} equal-tailed interval.{scale}"


@singledispatch
def _method_and_scale(_reml: RemlFit | LaplaceFit, has_sds: bool) -> tuple[str, str]:
    """The method of the intervals, or an empty text where there are none, and the scale."""
    return "(t), sds and correlations (profile of the restricted likelihood)" if has_sds else "(t)", ""


@_method_and_scale.register
def _of_laplace(laplace: LaplaceFit, _has_sds: bool) -> tuple[str, str]:
    method = "(z); of sds the estimate alone" if laplace.converged else ""
    return method, f" On the {laplace.family.link} scale."
