"""How the evidence for a term depends on the scale of its prior, as a curve."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bayesmix.hints import with_hints
from bayesmix.inference.evidence.prior_sensitivity import prior_sensitivity
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit
from bayesmix.report.pictures.plot_look import BLUE, literal, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes, write_beside

_GRADES = {0.5: "substantial", 1.0: "strong", 2.0: "decisive"}  # of Kass & Raftery
_NOTE = "Above 0: for the term. Grey lines: substantial (0.5), strong (1), decisive (2)."
_WIDTH = 0.006  # share of the vertical axis that the line takes, which hides a narrower band
_APART = 0.05  # share of the vertical axis between the names of two lines
_SMALLEST = 1e-3  # the smallest error that is written


@with_hints
def plot_sensitivity(
    fit: Fit,
    drop: str | Sequence[str],
    *,
    prior: str = "auto",
    scale: float | None = None,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """Bayes factor of a term against the scale of the priors of its standard deviations, or of its coefficients.

    Parameters
    ----------
    fit
        A fit by `bm.fit`; one without a closed form needs the sampler nutpie.
    drop
        A random term or a part of one, as `rand` prints it, or a term of the fixed part, or a list of these.
    prior, scale
        The prior of fixed terms, as `bayes_factor` takes them.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches, by default ``rcParams["figure.figsize"]`` where that
        was set. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        log10 of the Bayes factor from a tenth to ten times the prior's scale. The point is the prior as it is. The
        band is two Monte Carlo standard errors wide on each side, or a number in the note where the line would hide it.
        Above 0 the data favour the term; grey lines are the grades of Kass & Raftery (1995).

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `prior_sensitivity`.
    """
    fit, canvas = a_fit(fit), a_canvas(ax=ax, figsize=figsize, caption=caption)
    curve = prior_sensitivity(fit, drop=drop, prior=prior, scale=scale)
    ax, style = one_axes(canvas), look()
    x, y, error = curve.index.to_numpy(), curve["log10_bf"].to_numpy(), curve["mcse"].to_numpy()
    low, high = min(0.0, np.nanmin(y)), max(0.0, np.nanmax(y))
    room = 0.08 * (high - low) + 0.05
    ax.axhline(0.0, color=style.grey, linewidth=0.8)
    ends = low - room, high + 2.5 * room
    height = ends[1] - ends[0]
    _draw_grades(ax, ends)
    ax.fill_between(x, y - 2 * error, y + 2 * error, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(x, y, color=BLUE, linewidth=1.4)
    at_fit = int(np.argmin(np.abs(np.log(x))))
    ax.plot(x[at_fit], y[at_fit], "o", color=BLUE, markersize=5)
    # Above the curve on the side to which it falls, where it does not cross the words.
    falls = y[min(at_fit + 1, len(y) - 1)] < y[max(at_fit - 1, 0)]
    offset, side = ((6, 5), "left") if falls else ((-6, 5), "right")
    written = literal(curve["prior"].iloc[at_fit])
    write_beside(ax, written, (x[at_fit], y[at_fit]), offset, style.small, style.ink, ha=side)
    ax.set_xscale("log")
    ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.minorticks_off()
    ax.set_ylim(*ends)
    label_axes(ax, "scale of the prior, times that at the point", "log10 Bayes factor")
    largest = float(np.nanmax(error))
    if 2 * largest > _WIDTH * height:
        note = "Band: two Monte Carlo errors."
    else:
        size = "below 0.001" if largest < _SMALLEST else f"at most {largest:.1g}"
        note = f"Monte Carlo errors: {size}, within the line."
    tested = drop if isinstance(drop, str) else ", ".join(drop)
    head(ax, canvas, f"Evidence for {tested}", f"{_NOTE} {note}")
    return ax


def _draw_grades(ax: Axes, ends: tuple[float, float]) -> None:
    """Draw the grades between the `ends` of the vertical axis as lines, and name those that are apart."""
    style, last = look(), 0.0
    at_the_end = {"xycoords": ("axes fraction", "data"), "va": "center"}
    for grade, name in _GRADES.items():
        named = grade - last > _APART * (ends[1] - ends[0])
        last = grade if named else last
        for value in (grade, -grade):
            if not ends[0] < value < ends[1]:
                continue
            ax.axhline(value, color=style.light, linewidth=0.6, zorder=0)
            if named:
                write_beside(ax, name, (1, value), (3, 0), style.tiny, style.grey, **at_the_end)
