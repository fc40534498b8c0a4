"""Where do REML and the posterior agree: BLUPs against posterior means, and intervals side by side."""

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.hints import with_hints
from bayesmix.inference.pooling.compare_reml import RemlComparison, compare_reml
from bayesmix.inference.shared.arguments import one_of
from bayesmix.modelling.record import Fit
from bayesmix.report.pictures.compare_effects import draw_effects
from bayesmix.report.pictures.compare_intervals import draw_intervals
from bayesmix.report.pictures.plot_arguments import a_canvas

KINDS = ("groups", "intervals")


@with_hints
def plot_compare_reml(
    fit: Fit | RemlComparison,
    kind: Literal["groups", "intervals"] = "groups",
    *,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Figure:
    """The posterior beside the REML fit of the same model, as a picture of what `compare_reml` has.

    Parameters
    ----------
    fit
        A fit by `bm.fit`, or its `compare_reml`.
    kind
        ``"groups"``: BLUP against posterior mean of every level, a panel for each term. ``"intervals"``: fixed effects,
        standard deviations and correlations, estimate with confidence interval beside the posterior's.
    ax
        Where to draw a single panel, as of a model with one random intercept; by default a new figure.
    figsize
        Width and height of a new figure in inches; by default what the panels need.
    caption
        Whether the sentences below the panels are written.

    Returns
    -------
    matplotlib.figure.Figure
        Link scale. On the diagonal BLUP and posterior mean are the same. In ``"intervals"`` REML stands above in
        vermilion, the posterior below in blue; each parameter has its own axis.

    Raises
    ------
    ArgumentError
        `kind` is not known, `ax` was given to a picture of several panels, or there is neither a REML nor a Laplace fit
        of the family.
    UnknownTermError
        ``"groups"`` of a model without random terms.

    Notes
    -----
    Confidence intervals: of coefficients by t with Satterthwaite's degrees of freedom (Laplace fits by z); of standard
    deviations from the profile of the restricted likelihood, which may begin at 0. Of correlations, and of standard
    deviations of Laplace fits, the estimate alone is shown. Posterior: mean of a coefficient, median of a standard
    deviation or correlation, equal-tailed interval.
    """
    one_of(kind, KINDS, argument="kind")
    comparison = fit if isinstance(fit, RemlComparison) else compare_reml(fit)
    draw = draw_effects if kind == "groups" else draw_intervals
    return draw(comparison, a_canvas(ax=ax, figsize=figsize, caption=caption))
