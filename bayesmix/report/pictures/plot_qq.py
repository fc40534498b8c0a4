"""Are residuals and group effects normal: their quantiles beside a normal's."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import beta, norm

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, listing
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import groups_of, one_term
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_arguments import a_canvas, a_text_or_none, family_of
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

RESIDUALS = "residuals"
_QUANTILE = "quantile residuals"
PROB = 0.95


@dataclass(frozen=True)
class Quantiles:
    """`values` (n,) sorted, standardised to mean 0 and sd 1 or as they are; the normal `quantiles` that they should
    lie at, and the pointwise interval `lower`, `upper` of a normal sample."""

    quantiles: Floats
    values: Floats
    lower: Floats
    upper: Floats


@with_hints
def plot_qq(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    which: str = RESIDUALS,
    term: str | None = None,
    ax: Axes | None = None,
    *,
    seed: int | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """Normal quantiles of the standardised residuals, or of a group's effects.

    Parameters
    ----------
    fit
        A fitted model.
    which
        ``"residuals"``, of counts and proportions their quantile residuals, or the name of a grouping factor.
    term
        With a group: which column's effects, such as ``"Days"``; by default its first.
    ax
        Where to draw; by default a new figure.
    seed
        Of quantile residuals.
    figsize
        Width and height of a new figure in inches; by default ``rcParams["figure.figsize"]`` where that was set.
    caption
        Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        Posterior means, of other fits estimates and conditional modes, standardised; quantile residuals as they are,
        since the model gives them mean 0 and sd 1. On the line they are as normal as they can be; the band holds each
        point of a normal sample of this size with probability 0.95, so that among many points some lie outside.

    Raises
    ------
    ArgumentError
        `which` is neither.
    UnknownTermError
        `term` does not vary by the group.

    Notes
    -----
    Band: order statistics of n uniforms are Beta(i, n + 1 - i). Standardising by the sample's own mean and sd
    makes it slightly too wide. Group effects are shrunk, more so where a level has few observations.
    """
    refuse_other_kinds(fit, question="plot_qq", kinds=LINEAR)
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    values, what = _values(fit, which, term, seed)
    if len(values) < 3 or np.ptp(values) == 0:
        raise ArgumentError(f"Quantiles need 3 values that differ; {what} have {len(np.unique(values))}.")
    as_they_are = what == _QUANTILE
    shown = normal_quantiles(values, standardise=not as_they_are)

    ax, style = one_axes(canvas, width=4.6, height=4.4), look()
    ax.fill_between(shown.quantiles, shown.lower, shown.upper, color=style.light, linewidth=0, zorder=1, label="band")
    ends = shown.quantiles[[0, -1]]
    ax.plot(ends, ends, color=style.grey, linewidth=0.9, zorder=2, label="normal")
    alpha = float(np.clip(300 / len(values), 0.3, 0.9))
    ax.scatter(shown.quantiles, shown.values, s=POINT_SIZE, color=BLUE, alpha=alpha, linewidths=0, zorder=3)
    label_axes(ax, "normal quantile", what if as_they_are else f"{what}, standardised")
    point = "Posterior means" if isinstance(fit, Fit) else "At the estimates"
    note = f"{point}; band: {100 * PROB:g} % of normal samples, pointwise."
    head(ax, canvas, f"Normal quantiles of {len(values)} {what}", note)
    return ax


def normal_quantiles(values: Floats, *, standardise: bool = True) -> Quantiles:
    """Sorted values, standardised unless told, beside medians and 95 % intervals of normal order statistics."""
    n = len(values)
    i = np.arange(1, n + 1)
    medians, lower, upper = (norm.ppf(beta.ppf(q, i, n + 1 - i)) for q in (0.5, (1 - PROB) / 2, (1 + PROB) / 2))
    ordered = np.sort(values)
    if standardise:
        ordered = (ordered - ordered.mean()) / ordered.std(ddof=1)
    return Quantiles(medians, ordered, lower, upper)


def _values(
    fit: Fit | RemlFit | LaplaceFit | LmFit, which: str, term: str | None, seed: int | None
) -> tuple[Floats, str]:
    groups, column = groups_of(fit.design, None), "mean" if isinstance(fit, Fit) else "estimate"
    a_text_or_none(term, argument="term")
    if a_text_or_none(which, argument="which") in groups and not isinstance(fit, LmFit):
        frame = ranef(fit, group=which)
        names = list(dict.fromkeys(frame["term"]))
        chosen = names[0] if term is None else one_term(term, names, which)
        return frame.loc[frame["term"] == chosen, column].to_numpy(), f"effects of {which} on {chosen}"
    if which != RESIDUALS:
        options = (RESIDUALS, *groups)
        raise ArgumentError(
            f"which={which!r} is not known.{did_you_mean(str(which), options)} Known: {listing(options)}."
        )
    if term is not None:
        raise UnknownTermError(f"term={term!r} belongs to a group's effects; name the group in which=.")
    if family_of(fit).name != "gaussian":
        values = residuals(fit, kind="quantile", seed=seed)[column].to_numpy()
        return values[np.isfinite(values)], _QUANTILE
    return residuals(fit, kind="pearson")[column].to_numpy(), "residuals"
