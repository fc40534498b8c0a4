"""What do the data say about each standard deviation and correlation: prior and posterior in one panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayesmix.arrays import Floats
from bayesmix.errors import UnknownTermError
from bayesmix.formula.design import GroupTerm, prefixed
from bayesmix.hints import with_hints
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, correlations, joined, standard_deviations
from bayesmix.inference.shared.summarise import summarise
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import column_pairs, corr_name, sd_names
from bayesmix.priors.density import averaged_prior_density, prior_density, prior_interval
from bayesmix.priors.prior import Prior
from bayesmix.report.pages.units import response_unit, unit_of_coefficient, with_unit
from bayesmix.report.pictures.densities import N_GRID, posterior_density
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit, some_parameters
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_look import BLUE, VERMILION, literal, look
from bayesmix.report.pictures.plot_style import frame, hide_heights, panel_title, panels, write_beside
from bayesmix.report.pictures.plot_ticks import whole_numbers

PROB = 0.95
_SHOWN = 0.995  # share of the posterior that the panel of a standard deviation shows
_DASHES = (0, (5, 1.5))  # of the prior


@dataclass(frozen=True)
class PriorAndPosterior:
    """One panel: a parameter's `name` in the tables and in `words`, `unit`, `draws` (n_draws,), `prior` and support.

    A correlation is one of `k` columns. The prior of a standard deviation may be relative to sigma, whose prior is
    `of_sigma`.
    """

    name: str
    words: str
    unit: str
    draws: Floats
    prior: Prior
    lower: float = 0.0
    upper: float = np.inf
    k: int = 2
    of_sigma: Prior | None = None


@with_hints
def plot_sd(
    fit: Fit,
    parameters: str | Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Prior and posterior density of each group sd and of sigma.

    If both look alike the data say little; if the posterior piles up at 0 the term may not be needed.

    Parameters
    ----------
    fit
        A fitted model.
    parameters
        Names as the tables print them, such as ``"sd_Subject__Days"``; by default all standard deviations.
    ax, figsize, caption
        Axes for a single panel; or the size of a new figure in inches, by default what the panels need. Whether the
        caption is written.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter, from 0. The bars below are the 95 % equal-tailed intervals of the posterior, with
        its median, and of the prior, whose bar ends in an arrow where it goes on beyond the panel.

    Raises
    ------
    UnknownTermError
        The model has no standard deviation, such as a Poisson model without random terms, or lacks one of `parameters`.
    ArgumentError
        `ax` was given to a picture of several panels.

    Notes
    -----
    The posterior is a kernel density that is reflected at 0 (arviz-stats), so that it gives no mass to values that a
    standard deviation cannot have. A prior relative to sigma is averaged over the prior of sigma.
    """
    fit, canvas = a_fit(fit), a_canvas(ax=ax, figsize=figsize, caption=caption)
    shown = [sd for term in fit.design.all_random for sd in _sds_of(fit, term)]
    if "sigma" in constant_parameters(fit):
        unit = response_unit(fit.design) if fit.family.is_additive else ""
        draws = joined(auxiliary(fit, "sigma"))
        words = "residual sd" if fit.family.is_gaussian_identity else "sigma"
        shown.append(PriorAndPosterior("sigma", words, unit, draws, fit.priors["sigma"]))
    if not shown:
        raise UnknownTermError("The model has no standard deviations: no random terms, and a family without sigma.")
    return _picture(canvas, shown, parameters, "standard deviation")


@with_hints
def plot_corr(
    fit: Fit,
    parameters: str | Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """Prior and posterior density of each correlation of group effects.

    Parameters
    ----------
    fit
        A fitted model.
    parameters
        Names as the tables print them, such as ``"corr_Subject"``; by default all correlations.
    ax, figsize, caption
        As for `plot_sd`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter, from -1 to 1; the prior is the marginal distribution of one correlation under LKJ.

    Raises
    ------
    UnknownTermError
        No random term has correlated effects, or one of `parameters` is not among the correlations.
    ArgumentError
        `ax` was given to a picture of several panels.
    """
    fit, canvas = a_fit(fit), a_canvas(ax=ax, figsize=figsize, caption=caption)
    shown = []
    for predictor, term in [(part, term) for part in fit.design.predictors for term in part.random]:
        if term.k == 1:
            continue
        name = corr_name(term, predictor.random)
        for pair, draws in zip(column_pairs(term), joined(correlations(fit, term)), strict=True):
            label = name if term.k == 2 else f"{name}[{', '.join(pair)}]"
            words = f"corr({_plain(term, pair[0])}, {_plain(term, pair[1])}) by {term.group}{_whose(term)}"
            shown.append(PriorAndPosterior(label, words, "", draws, fit.priors[name], -1.0, 1.0, term.k))
    if not shown:
        raise UnknownTermError("The model has no correlations; correlated effects are written (x | g).")
    return _picture(canvas, shown, parameters, "correlation")


def _sds_of(fit: Fit, term: GroupTerm) -> list[PriorAndPosterior]:
    in_units = fit.family.is_additive and not term.parameter
    return [
        PriorAndPosterior(
            name,
            f"sd of {_plain(term, column)} by {term.group}{_whose(term)}",
            unit_of_coefficient(fit.design, column) if in_units else "",
            draws,
            fit.priors[name],
            of_sigma=fit.priors.get("sigma"),
        )
        for name, column, draws in zip(sd_names(term), term.names, joined(standard_deviations(fit, term)), strict=True)
    ]


def _plain(term: GroupTerm, column: str) -> str:
    """A column's name without the parameter before it, which `_whose` names."""
    return column.removeprefix(prefixed(term.parameter, ""))


def _whose(term: GroupTerm) -> str:
    """The name of a parameter that has a formula of its own."""
    return f", of {term.parameter}" if term.parameter else ""


def _picture(
    canvas: Canvas, known: list[PriorAndPosterior], parameters: str | Sequence[str] | None, label: str
) -> Figure:
    by_name = {parameter.name: parameter for parameter in known}
    shown = [by_name[name] for name in some_parameters(parameters, list(by_name))]
    n_columns = min(3, len(shown)) if len(shown) != 4 else 2
    figure, axes = panels(
        canvas, len(shown), n_columns=n_columns, width=2.9, height=2.3, margin=0.85, advice="choose one by parameters="
    )
    style = look()
    for ax, parameter in zip(axes, shown, strict=True):
        _draw(ax, parameter)
        ax.set_xlabel(literal(with_unit(label, parameter.unit), inches=2.4), fontsize=style.text)
        if label == "correlation":
            ax.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0])  # finer ones would touch each other
        else:
            ax.locator_params(axis="x", nbins=5)
            whole_numbers(ax, "x")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=VERMILION, linewidth=1.3, linestyle=_DASHES, label="prior"),
        Patch(color=BLUE, alpha=0.3, linewidth=0, label="posterior"),
        Line2D([], [], color=style.ink, linewidth=1.6, marker="o", markersize=3.5, label="posterior median, interval"),
    ]
    text = f"Densities; bars: {100 * PROB:g} % equal-tailed intervals, of the prior with an arrow where it goes on."
    frame(figure, canvas, text=text, handles=handles)
    return figure


def _draw_prior_interval(ax: Axes, parameter: PriorAndPosterior, end: float, height: float) -> None:
    """Draw the prior's interval at `height`, up to the `end` of the panel and with an arrow there if it goes on."""
    of_sigma = parameter.of_sigma if parameter.prior.of_sigma else None
    lower, upper = prior_interval(parameter.prior, PROB, k=parameter.k, of_sigma=of_sigma)
    shown = [min(lower, end), min(upper, end)]
    ax.plot(shown, [height] * 2, color=VERMILION, linewidth=1.3, zorder=5, label="prior interval")
    if upper > end:
        ax.plot([end], [height], color=VERMILION, marker=">", markersize=4, linestyle="", zorder=5, label="goes on")


def _draw(ax: Axes, parameter: PriorAndPosterior) -> None:
    style, summary = look(), summarise(parameter.draws, PROB)
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
        if parameter.prior.of_sigma and parameter.of_sigma is not None:
            prior = averaged_prior_density(parameter.prior, x, parameter.of_sigma)
        else:
            prior = prior_density(parameter.prior, x, k=parameter.k)
    ax.plot(x, prior, color=VERMILION, linewidth=1.3, linestyle=_DASHES, zorder=4, label="prior")
    # A prior that is infinite at a bound must not squeeze the posterior.
    top = 1.08 * max(peak, min(float(prior[np.isfinite(prior)].max(initial=0.0)), 2.0 * peak))
    bar = -0.055 * top
    ax.plot([summary.lower, summary.upper], [bar, bar], color=style.ink, linewidth=1.6, zorder=5, label="interval")
    ax.plot(
        [summary.median], [bar], color=style.ink, marker="o", markersize=3.5, linestyle="", zorder=5, label="median"
    )
    _draw_prior_interval(ax, parameter, end, 2.1 * bar)
    room = 0.02 * (end - parameter.lower)
    ax.set_xlim(parameter.lower - (room if np.isfinite(parameter.upper) else 0), end + room)
    ax.set_ylim(-0.16 * top, top)
    hide_heights(ax)
    panel_title(ax, parameter.words, inches=2.4, above=1.6 * style.small)
    text = literal(f"prior {parameter.prior}")
    write_beside(ax, text, (0, 1), (0, 4), style.small, VERMILION, xycoords="axes fraction")
