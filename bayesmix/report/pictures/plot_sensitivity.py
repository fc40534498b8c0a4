"""How the evidence for a term depends on the scale of its prior, as a curve."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.evidence.prior_sensitivity import prior_sensitivity
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit
from bayesmix.report.pictures.plot_look import BLUE, look
from bayesmix.report.pictures.plot_style import head, label_axes, one_axes
from bayesmix.report.pictures.plot_text import literal

_GRADES = {0.5: "substantial", 1.0: "strong", 2.0: "decisive"}  # of Kass & Raftery
_NOTE = "Above 0: for the term. Grey lines: substantial (0.5), strong (1), decisive (2)."
_WIDTH = 0.006  # of the vertical axis: of the line, which hides a narrower band
_APART = 0.05  # of the vertical axis: names of lines
_SMALLEST = 1e-3  # an error that is told


@with_hints
def plot_sensitivity(
    fit: Fit,
    drop: str,
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """Bayes factor of a term against the scale of the priors of its standard deviations, or of its coefficients.

    Parameters
    ----------
    fit
        A fit; where it has no closed form, by nutpie.
    drop
        A random term or a part of one, as `rand` prints it, or a term of the fixed part.
    ax
        Where to draw; by default a new figure.
    figsize
        Width and height of a new figure in inches; by default ``rcParams["figure.figsize"]`` where that was set.
    caption
        Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        log10 of the Bayes factor from a tenth to ten times the prior's scale; the point is the prior of the fit, the
        band two Monte Carlo standard errors, or a number in the note where the line would hide it. Above 0 the data
        speak for the term; grey lines are the grades of Kass & Raftery (1995).

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `prior_sensitivity`.
    """
    if not isinstance(drop, str):
        raise ArgumentError(f'drop is a term of the model, such as "(1 | g)"; got {type(drop).__name__}.')
    fit, canvas = a_fit(fit), a_canvas(ax=ax, figsize=figsize, caption=caption)
    curve = prior_sensitivity(fit, drop=drop)
    ax, style = one_axes(canvas), look()
    x, y, error = curve.index.to_numpy(), curve["log10_bf"].to_numpy(), curve["mcse"].to_numpy()
    low, high = min(0.0, np.nanmin(y)), max(0.0, np.nanmax(y))
    room = 0.08 * (high - low) + 0.05
    ax.axhline(0.0, color=style.grey, linewidth=0.8)
    ends = low - room, high + 2.5 * room
    _draw_grades(ax, ends)
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
        fontsize=style.small,
        color=style.ink,
        ha="left" if falls else "right",
    )
    ax.set_xscale("log")
    ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.minorticks_off()
    ax.set_ylim(*ends)
    label_axes(ax, "scale of the prior, times that of the fit", "log10 Bayes factor")
    head(ax, canvas, f"Evidence for {drop}", f"{_NOTE} {_of_errors(error, ends)}")
    return ax


def _draw_grades(ax: Axes, ends: tuple[float, float]) -> None:
    """Lines of the grades between the `ends` of the vertical axis, named beside it where the names are apart."""
    style, last = look(), 0.0
    for grade, name in _GRADES.items():
        named = grade - last > _APART * (ends[1] - ends[0])
        last = grade if named else last
        for value in (grade, -grade):
            if not ends[0] < value < ends[1]:
                continue
            ax.axhline(value, color=style.light, linewidth=0.6, zorder=0)
            if named:
                ax.annotate(
                    name,
                    (1, value),
                    xycoords=("axes fraction", "data"),
                    xytext=(3, 0),
                    textcoords="offset points",
                    fontsize=style.tiny,
                    color=style.grey,
                    va="center",
                )


def _of_errors(errors: NDArray[np.float64], ends: tuple[float, float]) -> str:
    """What a note says of the Monte Carlo errors; a band that the line hides is told by its number."""
    if 2 * np.nanmax(errors) > _WIDTH * (ends[1] - ends[0]):
        return "Band: two Monte Carlo errors."
    largest = float(np.nanmax(errors))
    return f"Monte Carlo errors: {'below 0.001' if largest < _SMALLEST else f'at most {largest:.1g}'}, within the line."
