"""How the evidence for a random term depends on the scale of its prior, as a curve."""

import numpy as np
from matplotlib.axes import Axes

from bayesmix.errors import ArgumentError
from bayesmix.inference.prior_sensitivity import prior_sensitivity
from bayesmix.modelling.record import Fit
from bayesmix.report.plot_arguments import a_fit, an_axes
from bayesmix.report.plot_style import BLUE, GREY, INK, LIGHT, SMALL_SIZE, head, one_axes
from bayesmix.report.plot_text import literal

_GRADES = (0.5, 1.0, 2.0)  # of Kass & Raftery: substantial, strong, decisive


def plot_sensitivity(fit: Fit, drop: str, *, ax: Axes | None = None) -> Axes:
    """Bayes factor of a random term against the scale of the prior of its standard deviations.

    Parameters
    ----------
    fit
        A Gaussian model with identity link.
    drop
        A random term or a part of one, as `rand` prints it.
    ax
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        log10 of the Bayes factor from a tenth to ten times the prior's scale; the point is the prior of the fit, the
        band two Monte Carlo standard errors. Above 0 the data speak for the term; grey lines are the grades of Kass &
        Raftery (1995).

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `prior_sensitivity`.
    """
    if not isinstance(drop, str):
        raise ArgumentError(f"drop is a random term as rand prints it; got {type(drop).__name__}.")
    fit, ax = a_fit(fit), an_axes(ax)
    curve = prior_sensitivity(fit, drop=drop)
    ax = one_axes(ax)
    x, y, error = curve.index.to_numpy(), curve["log10_bf"].to_numpy(), curve["mcse"].to_numpy()
    low, high = min(0.0, np.nanmin(y)), max(0.0, np.nanmax(y))
    room = 0.08 * (high - low) + 0.05
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    for grade in (*_GRADES, *(-grade for grade in _GRADES)):
        if low - room < grade < high + room:
            ax.axhline(grade, color=LIGHT, linewidth=0.6, zorder=0)
    ax.fill_between(x, y - 2 * error, y + 2 * error, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(x, y, color=BLUE, linewidth=1.4)
    own = int(np.argmin(np.abs(np.log(x))))
    ax.plot(x[own], y[own], "o", color=BLUE, markersize=5)
    # Above the curve on the side to which it falls, where the curve does not run through the words.
    falls = y[min(own + 1, len(y) - 1)] < y[max(own - 1, 0)]
    ax.annotate(
        literal(curve["prior"].iloc[own]),
        (x[own], y[own]),
        xytext=(6 if falls else -6, 5),
        textcoords="offset points",
        fontsize=SMALL_SIZE,
        color=INK,
        ha="left" if falls else "right",
    )
    ax.set_xscale("log")
    ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.minorticks_off()
    ax.set_ylim(low - room, high + 2.5 * room)
    ax.set_xlabel("scale of the prior, times that of the fit")
    ax.set_ylabel("log10 Bayes factor")
    head(ax, f"Evidence for {drop}", "Above 0: for the term. Grey lines: substantial (0.5), strong (1), decisive (2).")
    return ax
