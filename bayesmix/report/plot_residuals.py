"""Is something left in the residuals: fitted values against residuals."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from bayesmix.inference.arguments import one_of
from bayesmix.inference.augment import augment
from bayesmix.inference.residuals import residuals
from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit, an_axes
from bayesmix.report.plot_style import BLUE, GREY, POINT_SIZE, VERMILION, head, label_axes, one_axes

Floats = NDArray[np.float64]

_PER_BIN, _FEWEST_BINS, _MOST_BINS = 15, 4, 20
_BORDER = 1.96  # standard errors of a 95 % interval
_NAMES = {"response": "residual of {name}", "pearson": "Pearson residual", "quantile": "quantile residual"}


@dataclass(frozen=True)
class BinnedMeans:
    """Means of `y` in bins of `x` with about as many points each, (n_bins,): `x`, `y` and the standard error `se`."""

    x: Floats
    y: Floats
    se: Floats


def plot_residuals(fit: Fit, ax: Axes | None = None, *, kind: str | None = None, seed: int | None = None) -> Axes:
    """Fitted values against residuals, with binned means.

    Without a pattern the binned means scatter about 0; a curve means that the predictors' shape or the link is
    wrong, a funnel that the residual variance is not constant.

    Parameters
    ----------
    fit
        A fitted model.
    ax
        Where to draw; by default a new figure.
    kind
        ``"response"``, ``"pearson"`` or ``"quantile"``, as `residuals` has them. By default in the response's unit
        for an unweighted Gaussian or a yes-or-no response; quantile residuals for counts and proportions, whose Pearson
        residuals lie in bands and are skew; else Pearson residuals.
    seed
        Of quantile residuals; another one parts the steps of the counts otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Points: posterior means of expected response and residual. Bars: mean of the residuals in a bin of fitted
        values, plus and minus 1.96 standard errors. Of quantile residuals also lines at -1.96 and 1.96, between which
        19 of 20 lie under the model.

    Raises
    ------
    ArgumentError
        `ax` is no matplotlib Axes, or `kind` is not known.
    """
    fit, ax = a_fit(fit), an_axes(ax)
    kind = _kind(fit) if kind is None else one_of(kind, tuple(_NAMES), argument="kind")
    expected = augment(fit)[".fitted"].to_numpy()
    residual = residuals(fit, kind=kind, seed=seed)["mean"].to_numpy()
    known = np.isfinite(residual)
    expected, residual = expected[known], residual[known]

    ax = one_axes(ax)
    alpha = float(np.clip(150 / len(residual), 0.12, 0.8))
    ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)
    for border in (-_BORDER, _BORDER) if kind == "quantile" else ():
        ax.axhline(border, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    ax.scatter(expected, residual, s=POINT_SIZE, color=BLUE, alpha=alpha, linewidths=0, zorder=2, label="observations")
    bins = binned_means(expected, residual)
    ax.errorbar(
        bins.x,
        bins.y,
        yerr=_BORDER * bins.se,
        color=VERMILION,
        linewidth=1.2,
        elinewidth=1.0,
        marker="o",
        markersize=3.5,
        zorder=3,
        label="binned means",
    )
    name = fit.design.response.name
    what = f"fitted {name}" if fit.design.response.trials is None else "fitted proportion"
    if fit.family.response == "binary":
        what = "fitted probability"
    if fit.design.response.categories:
        what = f"fitted number of the category of {name}"
    label_axes(ax, what, _NAMES[kind].format(name=name))
    head(ax, "Residuals", f"Points: posterior means; orange: means of {len(bins.x)} bins, 95 % intervals.")
    return ax


def _kind(fit: Fit) -> str:
    # Divided by a standard deviation near 0, a yes or no that was not expected would hide all others.
    if (fit.family.is_gaussian_identity and fit.design.weights is None) or fit.family.response == "binary":
        return "response"
    return "pearson" if fit.family.name == "gaussian" else "quantile"


def binned_means(x: Floats, y: Floats) -> BinnedMeans:
    """Means in bins along `x` with as many points each as ties allow."""
    n_bins = int(np.clip(len(x) // _PER_BIN, _FEWEST_BINS, _MOST_BINS))
    edges = np.unique(np.quantile(x, np.linspace(0, 1, n_bins + 1)))
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(0, len(edges) - 2))
    parts = [place == i for i in np.unique(place)]
    # A single point says nothing of its spread.
    errors = [y[part].std(ddof=1) / np.sqrt(part.sum()) if part.sum() > 1 else np.nan for part in parts]
    return BinnedMeans(
        x=np.array([x[part].mean() for part in parts]),
        y=np.array([y[part].mean() for part in parts]),
        se=np.array(errors),
    )
