"""Are residuals and group effects normal: their quantiles against those of a normal distribution."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import beta, norm

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, UnknownTermError, did_you_mean, listing
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import groups_of, one_term
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.residuals import residuals
from bayesmix.modelling.kinds import LINEAR, family_of, refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_arguments import AnyFit, a_canvas, a_text_or_none
from bayesmix.report.pictures.plot_look import BLUE, POINT_SIZE, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes

RESIDUALS = "residuals"
_QUANTILE = "quantile residuals"
PROB = 0.95


@dataclass(frozen=True)
class Quantiles:
    """Sorted `values` (n,), the normal `quantiles` they are compared with, and a normal sample's pointwise interval."""

    quantiles: Floats
    values: Floats
    lower: Floats
    upper: Floats


@with_hints
def plot_qq(
    fit: AnyFit,
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
        ``"residuals"``, which for counts, proportions and a censored response are quantile residuals, or the name of a
        grouping factor.
    term
        With a group: the column whose effects are shown, such as ``"Days"``; by default its first.
    seed
        The seed of quantile residuals.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches, by default ``rcParams["figure.figsize"]`` where that
        was set. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        Standardised posterior means, or for other fits estimates and conditional modes. Quantile residuals are not
        standardised, as the model gives them mean 0 and sd 1. Points on the line are normal. The band holds each point
        of a normal sample of this size with probability 0.95, so that some of many points lie outside.

    Raises
    ------
    ArgumentError
        `which` is neither ``"residuals"`` nor a grouping factor.
    UnknownTermError
        `term` does not vary by the group.

    Notes
    -----
    The band uses that order statistics of n uniforms are Beta(i, n + 1 - i). As the sample is standardised by its own
    mean and sd, the band is slightly too wide. Group effects are shrunk, more so where a level has few observations.
    """
    refuse_other_kinds(fit, question="plot_qq", kinds=LINEAR)
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    values, name = _values(fit, which, term, seed)
    if len(values) < 3 or np.ptp(values) == 0:
        raise ArgumentError(f"Quantiles need 3 values that differ; {name} have {len(np.unique(values))}.")
    as_they_are = name == _QUANTILE
    shown = normal_quantiles(values, standardise=not as_they_are)

    ax, style = one_axes(canvas, width=4.6, height=4.4), look()
    ax.fill_between(shown.quantiles, shown.lower, shown.upper, color=style.light, linewidth=0, zorder=1, label="band")
    ends = shown.quantiles[[0, -1]]
    ax.plot(ends, ends, color=style.grey, linewidth=0.9, zorder=2, label="normal")
    alpha = float(np.clip(300 / len(values), 0.3, 0.9))
    ax.scatter(shown.quantiles, shown.values, s=POINT_SIZE, color=BLUE, alpha=alpha, linewidths=0, zorder=3)
    label_axes(ax, "normal quantile", name if as_they_are else f"{name}, standardised")
    point = "Posterior means" if isinstance(fit, Fit) else "At the estimates"
    note = f"{point}; band: {100 * PROB:g} % of normal samples, pointwise."
    head(ax, canvas, f"Normal quantiles of {len(values)} {name}", note)
    return ax


def normal_quantiles(values: Floats, *, standardise: bool = True) -> Quantiles:
    """Sorted values, standardised by default, with the medians and 95 % intervals of normal order statistics."""
    n = len(values)
    i = np.arange(1, n + 1)
    medians, lower, upper = (norm.ppf(beta.ppf(q, i, n + 1 - i)) for q in (0.5, (1 - PROB) / 2, (1 + PROB) / 2))
    ordered = np.sort(values)
    if standardise:
        ordered = (ordered - ordered.mean()) / ordered.std(ddof=1)
    return Quantiles(medians, ordered, lower, upper)


def _values(fit: AnyFit, which: str, term: str | None, seed: int | None) -> tuple[Floats, str]:
    """The values whose quantiles are drawn, and their name."""
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
    refuse_unordered(fit.design, question="plot_qq")
    if term is not None:
        raise UnknownTermError(f"term={term!r} belongs to a group's effects; name the group in which=.")
    if family_of(fit).name != "gaussian" or fit.design.response.censoring is not None:
        values = residuals(fit, kind="quantile", seed=seed)[column].to_numpy()
        return values[np.isfinite(values)], _QUANTILE
    return residuals(fit, kind="pearson")[column].to_numpy(), "residuals"
