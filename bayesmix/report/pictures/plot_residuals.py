"""Is there structure in the residuals: against fitted values, or against a column that the model may lack."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import t

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.hints import with_hints
from bayesmix.inference.prediction.realised import KINDS, Realised, realised
from bayesmix.inference.shared.arguments import a_seed, a_whole_seed, one_of
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.inference.tables.augment import augmented
from bayesmix.inference.tables.residuals import residuals
from bayesmix.modelling.kinds import LINEAR, family_of, refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import column_with_unit, response_text, response_unit, with_unit
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, VERMILION, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes
from bayesmix.report.pictures.residual_boxes import Levels, draw_boxes, draw_boxes_along, levels_or_numbers

PROB = 0.95
_PER_BIN, _FEWEST_BINS, _MOST_BINS = 15, 4, 20
_BORDER = 1.96  # standard errors of a 95 % interval
_WHERE: dict[type, str] = {Fit: "in one draw of the posterior", LmFit: "in the fit"}
_NAMES = {"pearson": "Pearson residual", "quantile": "quantile residual"}


@dataclass(frozen=True)
class BinnedMeans:
    """Means of `x` and `y` in bins of `x` with about equal numbers of points, (n_bins,); `half` of y's interval."""

    x: Floats
    y: Floats
    half: Floats


@with_hints
def plot_residuals(
    fit: AnyFit,
    ax: Axes | None = None,
    *,
    kind: str | None = None,
    by: str | None = None,
    seed: int | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """Residuals against fitted values or a column, with binned means; those of a posterior are from one draw.

    Under a correct model 19 of 20 intervals of the binned means include 0. A curve shows that the shape of a predictor
    or the link is wrong, a funnel that the residual variance is not constant.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"response"``, ``"pearson"`` or ``"quantile"``, as in `residuals`. By default in the response's unit for an
        unweighted Gaussian or a yes-or-no response; quantile residuals for counts and proportions, whose Pearson
        residuals lie in bands and are skewed, and for a censored response; otherwise Pearson residuals.
    by
        A column of the data, whether or not it is in the formula, or a grouping factor. A column of numbers takes the
        place of the fitted values, with boxes behind the points where it has up to 12 values. Of anything else each
        level has a box of its residuals.
    seed
        Chooses the draw of the posterior, and the random part of quantile residuals; by default the fit's seed. Look at
        the pictures of two seeds.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches, by default ``rcParams["figure.figsize"]`` where that
        was set. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        Points are expected response and residual. Bars are the mean of the residuals in a bin of fitted values, with
        its 95 % interval (t, from the residuals in the bin); a REML or Laplace fit has none (see Notes). For quantile
        residuals there are also lines at -1.96 and 1.96, between which 19 of 20 lie under the model.

    Raises
    ------
    ArgumentError
        `ax` is no matplotlib Axes, `kind` is not known or does not suit this fit, or rows have no value of `by`.
    UnknownColumnError
        `by` is no column of the data.

    Notes
    -----
    In one draw of the posterior the residuals of a correct model are independent of the fitted values, as the errors
    are. At posterior means and conditional modes they are not: group effects are shrunk, residuals keep the rest, and
    so they rise with the fitted values under a correct model too, all the more so the fewer rows a level has.

    References
    ----------
    Gelman, Goegebeur, Tuerlinckx & Van Mechelen (2000), doi:10.1111/1467-9876.00190, for residuals in a draw.
    """
    refuse_other_kinds(fit, question="plot_residuals", kinds=LINEAR)
    refuse_unordered(fit.design, question="plot_residuals")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    family = family_of(fit)
    kind = _kind(fit.design, family) if kind is None else one_of(kind, KINDS, argument="kind")
    beside = None if by is None else levels_or_numbers(fit.design, by)
    shown = _shown(fit, kind, seed)
    if not len(shown.residual):
        raise ArgumentError("The model has no residuals: in no row was anything observed.")

    where = _WHERE.get(type(fit), "at the conditional modes")
    if isinstance(beside, Levels):
        ax, note = draw_boxes(canvas, beside, shown.rows, shown.residual)
        note = f"Residuals {where}. {note}"
    else:
        ax = one_axes(canvas)
        x = shown.expected if beside is None else beside[shown.rows]
        alpha = float(np.clip(150 / len(x), 0.12, 0.8))
        ax.scatter(
            x, shown.residual, s=POINT_SIZE, color=BLUE, alpha=alpha, linewidths=0, zorder=2, label="observations"
        )
        note = f"Residuals {where}."
        if isinstance(fit, Fit | LmFit):
            bins = binned_means(x, shown.residual)
            line: dict[str, Any] = {"linewidth": 1.2, "elinewidth": 1.0, "marker": "o", "markersize": 3.5}
            ax.errorbar(bins.x, bins.y, yerr=bins.half, color=VERMILION, zorder=3, label="binned means", **line)
            note = f"Points: residuals {where}; orange: means of {len(bins.x)} bins, {100 * PROB:g} % intervals."
        elif beside is None:
            note = f"Residuals {where}: they rise with the fitted values under a right model too."
        if beside is not None:
            note += draw_boxes_along(ax, x, shown.residual)
    _draw_borders(ax, kind)
    x_label = _fitted_label(fit.design, family) if by is None else column_with_unit(fit.design, by)
    y_label = _NAMES.get(kind) or with_unit(f"residual of {response_text(fit.design)}", response_unit(fit.design))
    label_axes(ax, x_label, y_label)
    head(ax, canvas, "Residuals" if by is None else f"Residuals by {by}", note)
    return ax


def _draw_borders(ax: Axes, kind: str) -> None:
    """Draw a line at 0, and for quantile residuals the lines between which 19 of 20 lie under the model."""
    grey = look().grey
    ax.axhline(0, color=grey, linewidth=0.7, zorder=1)
    for border in (-_BORDER, _BORDER) if kind == "quantile" else ():
        ax.axhline(border, color=grey, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)


def _shown(fit: AnyFit, kind: str, seed: int | None) -> Realised:
    if isinstance(fit, Fit):
        return realised(fit, kind=kind, seed=a_seed(seed, fit))
    a_whole_seed(seed, 0)
    expected, residual = (
        augmented(fit)[".fitted"].to_numpy(),
        residuals(fit, kind=kind, seed=seed)["estimate"].to_numpy(),
    )
    known = np.isfinite(residual)
    return Realised(expected[known], residual[known], np.flatnonzero(known))


def _kind(design: Design, family: Family) -> str:
    if design.response.censoring is not None:
        return "quantile"
    if family.is_gaussian_identity:
        return "response" if design.weights is None else "pearson"
    # An unexpected yes or no, divided by a standard deviation near 0, would hide all others.
    if family.response == "binary":
        return "response"
    return "pearson" if family.name == "gaussian" else "quantile"


def _fitted_label(design: Design, family: Family) -> str:
    name = response_text(design)
    if family.response == "binary":
        return f"fitted probability of {name}"
    if design.response.trials is not None:
        return f"fitted proportion of {name}"
    if design.response.thresholds:
        return f"fitted {name} (number of the category)"
    return with_unit(f"fitted {name}", response_unit(design))


def binned_means(x: Floats, y: Floats) -> BinnedMeans:
    """Means and half of their 95 % intervals by t, in bins of about equal size along `x`, or at each of few values."""
    n_bins = int(np.clip(len(x) // _PER_BIN, _FEWEST_BINS, _MOST_BINS))
    values, place = np.unique(x, return_inverse=True)
    if len(values) > n_bins:
        edges = np.unique(np.quantile(x, np.linspace(0, 1, n_bins + 1)))
        place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(0, len(edges) - 2))
    parts = [place == i for i in np.unique(place)]
    counts = np.array([part.sum() for part in parts])
    # A single point does not tell the spread.
    errors = [y[part].std(ddof=1) / np.sqrt(n) if n > 1 else np.nan for part, n in zip(parts, counts, strict=True)]
    return BinnedMeans(
        x=np.array([x[part].mean() for part in parts]),
        y=np.array([y[part].mean() for part in parts]),
        half=t.ppf((1 + PROB) / 2, np.maximum(counts - 1, 1)) * np.array(errors),
    )
