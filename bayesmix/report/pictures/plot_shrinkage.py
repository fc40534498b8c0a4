"""What does partial pooling do to each level: from its raw mean to BLUP and posterior mean."""

from typing import Literal

from matplotlib.axes import Axes

from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import with_hints
from bayesmix.inference.pooling.level_lines import compared_term, level_lines
from bayesmix.inference.pooling.shrinkage import shrinkage
from bayesmix.inference.shared.arguments import one_of
from bayesmix.inference.shared.unordered import refuse_unordered
from bayesmix.modelling.kinds import refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.units import what_is_shown
from bayesmix.report.pictures.plot_arguments import a_canvas, one_group
from bayesmix.report.pictures.shrinkage_arrows import draw_arrows
from bayesmix.report.pictures.shrinkage_levels import draw_densities, draw_paths

KINDS = ("lines", "density", "arrows")


@with_hints
def plot_shrinkage(
    fit: Fit | RemlFit,
    group: str | None = None,
    kind: Literal["lines", "density", "arrows"] = "lines",
    *,
    term: str | None = None,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """How far partial pooling shrinks the levels of a group towards the overall mean.

    Parameters
    ----------
    fit
        A Gaussian fit by `bm.fit` or `bm.reml`.
    group
        A grouping factor of the model; the formula's first by default.
    kind
        ``"lines"``: a line for each level joins its raw mean, BLUE, BLUP and posterior mean, as `shrinkage` returns
        them; where two levels change rank their lines cross. ``"density"``: how the levels scatter by each of these.
        ``"arrows"``: each level's intercept and slope, from no pooling to partial pooling.
    term
        With ``"arrows"`` the slope, by default the first that varies by the group. Otherwise the coefficient that is
        shown in place of the levels' means, as in `shrinkage`.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches, by default ``rcParams["figure.figsize"]`` where that
        was set, else what names and levels need. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        Response scale. Arrows lead from the level's own line to the posterior mean, or for a REML fit to the BLUP. The
        intercept is where the slope's column is 0, or at its mean where 0 lies outside the data.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model, or `term` does not vary by it.
    ArgumentError
        `kind` is not known; the family is not Gaussian with identity link; no slope or no intercept varies by a group
        that is to have arrows; or several slopes vary without an intercept and none is chosen.

    Notes
    -----
    Raw means scatter more than the levels themselves, as each carries the noise of its rows: their variance is
    sd^2 + sigma^2 / n. BLUPs and posterior means scatter less than the levels, and less the fewer rows they have.
    """
    refuse_other_kinds(fit, question="plot_shrinkage", kinds=(Fit, RemlFit))
    refuse_unordered(fit.design, question="plot_shrinkage")
    canvas = a_canvas(ax=ax, figsize=figsize, caption=caption)
    one_of(kind, KINDS, argument="kind")
    group = one_group(fit.design, group)
    if kind == "arrows":
        return draw_arrows(fit, level_lines(fit, group), term, canvas)
    term = compared_term(fit.design, group, term)
    draw = draw_paths if kind == "lines" else draw_densities
    return draw(shrinkage(fit, group, term=term), what_is_shown(fit.design, group, term), canvas)
