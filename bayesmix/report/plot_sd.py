"""What did the data say about each standard deviation and correlation: prior and posterior in one panel."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from bayesmix.errors import UnknownTermError
from bayesmix.inference.draws import auxiliary, constant_parameters, correlations, joined, standard_deviations
from bayesmix.inference.summarise import summarise
from bayesmix.modelling.layout import column_pairs, corr_name, sd_names
from bayesmix.modelling.prior_density import averaged_prior_density, prior_density
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit
from bayesmix.report.plot_style import BLUE, INK, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, VERMILION, frame, panels
from bayesmix.report.plot_text import literal

Floats = NDArray[np.float64]

PROB = 0.95
N_GRID = 512
_SHOWN = 0.995  # the share of the posterior that a panel of a standard deviation shows
_IN_GRID = 0.999


@dataclass(frozen=True)
class PriorAndPosterior:
    """One panel: the parameter's `name`, `draws` (n_draws,), `prior`, the bounds of its support and, for a
    correlation, the `k` columns of its term; `of_sigma`, the prior of the residual sd that the prior is relative to."""

    name: str
    draws: Floats
    prior: Prior
    lower: float = 0.0
    upper: float = np.inf
    k: int = 2
    of_sigma: Prior | None = None


def plot_sd(fit: Fit) -> Figure:
    """Prior and posterior density of each group sd and of sigma.

    Where both look alike the data said little; where the posterior piles up at 0 the term may not be needed.

    Returns
    -------
    matplotlib.figure.Figure
        A panel each, from 0; the bar below is the posterior's 95 % equal-tailed interval, the point its median.

    Raises
    ------
    UnknownTermError
        The model has no standard deviation, as a Poisson model without random terms.

    Notes
    -----
    The posterior is a kernel density that is reflected at 0 (arviz-stats), so that mass next to 0 is not smeared
    to values that a standard deviation cannot have. A prior relative to sigma is averaged over the prior of sigma.
    """
    fit = a_fit(fit)
    shown = [
        PriorAndPosterior(name, draws, fit.priors[name], of_sigma=fit.priors.get("sigma"))
        for term in fit.design.all_random
        for name, draws in zip(sd_names(term), joined(standard_deviations(fit, term)), strict=True)
    ]
    if "sigma" in constant_parameters(fit):
        shown.append(PriorAndPosterior("sigma", joined(auxiliary(fit, "sigma")), fit.priors["sigma"]))
    if not shown:
        raise UnknownTermError("The model has no standard deviations: no random terms, and a family without sigma.")
    return _picture(shown, "standard deviation")


def plot_corr(fit: Fit) -> Figure:
    """Prior and posterior density of each correlation of group effects.

    Returns
    -------
    matplotlib.figure.Figure
        A panel each, from -1 to 1; the prior is what LKJ says of one correlation.

    Raises
    ------
    UnknownTermError
        No random term has correlated effects.
    """
    fit = a_fit(fit)
    shown = []
    for predictor, term in [(part, term) for part in fit.design.predictors for term in part.random]:
        if term.k == 1:
            continue
        name = corr_name(term, predictor.random)
        for pair, draws in zip(column_pairs(term), joined(correlations(fit, term)), strict=True):
            label = name if term.k == 2 else f"{name}[{', '.join(pair)}]"
            shown.append(PriorAndPosterior(label, draws, fit.priors[name], -1.0, 1.0, term.k))
    if not shown:
        raise UnknownTermError("The model has no correlations; correlated effects are written (x | g).")
    return _picture(shown, "correlation")


def _picture(shown: list[PriorAndPosterior], what: str) -> Figure:
    n_columns = min(3, len(shown)) if len(shown) != 4 else 2
    figure, axes = panels(len(shown), n_columns=n_columns, width=2.9, height=2.3, margin=0.85)
    for ax, parameter in zip(axes, shown, strict=True):
        _draw(ax, parameter)
        ax.set_xlabel(what, fontsize=TEXT_SIZE)
        if what == "correlation":
            ax.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0])  # finer ones run into each other
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=VERMILION, linewidth=1.3, linestyle=(0, (5, 1.5)), label="prior"),
        Patch(color=BLUE, alpha=0.3, linewidth=0, label="posterior"),
        Line2D([], [], color=INK, linewidth=1.6, marker="o", markersize=3.5, label="median, interval"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=3, fontsize=SMALL_SIZE, frameon=False, labelcolor=INK)
    frame(figure, text=f"Densities; bar: {100 * PROB:g} % equal-tailed posterior interval, point: median.", top=0.28)
    return figure


def posterior_density(draws: Floats, *, lower: float, upper: float) -> tuple[Floats, Floats]:
    """Grid and kernel density of draws that lie between `lower` and `upper`, reflected at these bounds.

    With an infinite upper bound the highest draws, 0.1 %, are left to the tail beyond the grid, so that a heavy
    tail does not coarsen the grid; the density still is that of all.
    """
    end, last = upper, upper
    if not np.isfinite(upper):
        last = float(np.quantile(draws, _IN_GRID))
        end = last + 0.25 * (last - lower)  # beyond the draws nothing is reflected
    inside = draws[draws <= last]
    grid, density, _ = array_stats.kde(inside, custom_lims=(lower, end), bound_correction=True, grid_len=N_GRID)
    return grid, density * len(inside) / len(draws)


def _prior_at(parameter: PriorAndPosterior, x: Floats) -> Floats:
    if parameter.prior.of_sigma and parameter.of_sigma is not None:
        return averaged_prior_density(parameter.prior, x, parameter.of_sigma)
    return prior_density(parameter.prior, x, k=parameter.k)


def _draw(ax: Axes, parameter: PriorAndPosterior) -> None:
    summary = summarise(parameter.draws, PROB)
    varies = np.ptp(parameter.draws) > 0
    peak = 1.0
    end = parameter.upper if np.isfinite(parameter.upper) else 1.05 * float(np.quantile(parameter.draws, _SHOWN))
    if varies:
        grid, density = posterior_density(parameter.draws, lower=parameter.lower, upper=parameter.upper)
        peak = float(density.max())
        ax.fill_between(grid, density, color=BLUE, alpha=0.3, linewidth=0, zorder=2, label="posterior")
        ax.plot(grid, density, color=BLUE, linewidth=1.0, zorder=3, label="posterior")
    x = np.linspace(parameter.lower, end, N_GRID)
    with np.errstate(divide="ignore"):
        prior = _prior_at(parameter, x)
    ax.plot(x, prior, color=VERMILION, linewidth=1.3, linestyle=(0, (5, 1.5)), zorder=4, label="prior")
    # A prior that is infinite at a bound must not squeeze the posterior.
    top = 1.08 * max(peak, min(float(prior[np.isfinite(prior)].max(initial=0.0)), 2.0 * peak))
    bar = -0.055 * top
    ax.plot([summary.lower, summary.upper], [bar, bar], color=INK, linewidth=1.6, zorder=5, label="interval")
    ax.plot([summary.median], [bar], color=INK, marker="o", markersize=3.5, linestyle="", zorder=5, label="median")
    room = 0.02 * (end - parameter.lower)
    ax.set_xlim(parameter.lower - (room if np.isfinite(parameter.upper) else 0), end + room)
    ax.set_ylim(-0.11 * top, top)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_title(f"{literal(parameter.name, inches=2.4)}\n", loc="left", fontsize=TITLE_SIZE, color=INK)
    ax.annotate(
        literal(f"prior {parameter.prior}"),
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=SMALL_SIZE,
        color=VERMILION,
    )
