"""Does the fitted model give data like those observed: replicates are drawn beside the data."""

from collections.abc import Mapping
from math import inf
from typing import Literal

from matplotlib.axes import Axes

from bayesmix.errors import ArgumentError
from bayesmix.formula.response import COUNTS
from bayesmix.hints import with_hints
from bayesmix.inference.prediction.posterior_predict import REPLICATED, Replicated, replicated
from bayesmix.inference.prediction.ppc import suited_statistics
from bayesmix.inference.shared.arguments import a_count, a_seed, one_of
from bayesmix.inference.tables.fitted import fitted
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import OF_NUMBERS, STATISTICS
from bayesmix.report.pages.units import response_text, response_unit, with_unit
from bayesmix.report.pictures import ppc_panels
from bayesmix.report.pictures.plot_arguments import a_canvas, a_fit, a_text_or_none
from bayesmix.report.pictures.plot_canvas import Canvas
from bayesmix.report.pictures.plot_style import one_axes

KINDS = ("density", "ecdf", "rootogram", "calibration", "statistic")

_BY_RESPONSE = {
    "count": "rootogram",
    "count_with_zeros": "rootogram",
    "count_without_zeros": "rootogram",
    "share_with_ends": "ecdf",
    "proportion": "ecdf",
    "trials": "ecdf",
    "trials_with_zeros": "ecdf",
    "positive_with_zeros": "ecdf",
    "not_negative": "ecdf",
    "ordinal": "rootogram",
    "nominal": "rootogram",
    "binary": "calibration",
}
_DRAWS = 1000
_BOUNDS: Mapping[str, tuple[float, float]] = {"positive": (0.0, inf), "share": (0.0, 1.0)}
"""Bounds that no observation of a response can pass."""


@with_hints
def plot_ppc(
    fit: Fit,
    kind: Literal["density", "ecdf", "rootogram", "calibration", "statistic"] | None = None,
    ax: Axes | None = None,
    *,
    statistic: str | None = None,
    groups: str = "fitted",
    draws: int = _DRAWS,
    seed: int | None = None,
    figsize: tuple[float, float] | None = None,
    caption: bool = True,
) -> Axes:
    """A posterior predictive check as a picture: the observed response beside data replicated from the posterior.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"density"``: densities of the data and of 50 replicates. ``"ecdf"``: shares of rows up to each value, with the
        band that holds 95 % of the replicates; a step at 0 or 1 shows rows at 0 % or 100 %. ``"rootogram"``: how often
        each count occurs, on a square root scale. ``"calibration"``: means of rows with similar expectations by the
        fixed part. ``"statistic"``: one number for each replicate. The default suits the response: density for numbers,
        rootogram for counts, ecdf for proportions, calibration for a yes or no.
    statistic
        With ``kind="statistic"``: one that `ppc` knows, such as ``"zeros"``.
    groups
        Whether replicates are of the ``"fitted"`` levels or of ``"new"`` ones.
    draws
        The number of replicated data sets.
    seed
        The same seed gives the same replicates; by default that of the fit.
    ax, figsize, caption
        Axes to draw into, or the size of a new figure in inches, by default ``rcParams["figure.figsize"]`` where that
        was set. Whether the note below the title is written.

    Returns
    -------
    matplotlib.axes.Axes
        The data in orange, replicates in blue. Bands and bars hold 95 % of the replicates at each place, so that at
        some of many places the data lie outside under a correct model too.

    Raises
    ------
    ArgumentError
        `kind` is not known or does not suit the response, or `statistic` does not.

    References
    ----------
    Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807; Kleiber & Zeileis (2016),
    doi:10.1080/00031305.2016.1173590, for rootograms.
    """
    fit, canvas = a_fit(fit), a_canvas(ax=ax, figsize=figsize, caption=caption)
    for argument, value in (("kind", kind), ("statistic", statistic), ("groups", groups)):
        a_text_or_none(value, argument=argument)
    groups = one_of(groups, REPLICATED, argument="groups")
    if statistic is not None and kind is None:
        kind = "statistic"
    chosen = _suited_kind(fit) if kind is None else one_of(kind, KINDS, argument="kind")
    _refuse_unsuited(fit, chosen)
    name = _statistic(fit, statistic, groups) if chosen == "statistic" else ""
    data = replicated(fit, draws=a_count(draws, argument="draws"), groups=groups, seed=a_seed(seed, fit))
    return _drawn(one_axes(canvas), canvas, fit, data, chosen, name)


def _drawn(ax: Axes, canvas: Canvas, fit: Fit, data: Replicated, kind: str, name: str) -> Axes:
    label = _label(fit, kind)
    if kind == "statistic":
        return ppc_panels.statistic(ax, canvas, data, name)
    if kind == "calibration":
        by = fitted(fit, groups="typical")["mean"].to_numpy()[data.used]
        return ppc_panels.calibration(ax, canvas, data, label, by)
    if kind == "rootogram":
        return ppc_panels.rootogram_bars(ax, canvas, data, label, fit.design.response.categories)
    if kind == "density":
        return ppc_panels.density(ax, canvas, data, label, _BOUNDS.get(fit.family.response, (-inf, inf)))
    return ppc_panels.ecdf(ax, canvas, data, label)


def _is_zero_one(fit: Fit) -> bool:
    response = fit.family.response
    return response == "binary" or (response == "proportion" and fit.design.response.trials is None)


def _suited_kind(fit: Fit) -> str:
    return "calibration" if _is_zero_one(fit) else _BY_RESPONSE.get(fit.family.response, "density")


def _refuse_unsuited(fit: Fit, kind: str) -> None:
    counts = fit.design.response.trials is not None or fit.family.response in (*COUNTS, "ordinal", "nominal")
    unordered = fit.design.response.unordered
    suits = {
        "density": fit.family.response not in _BY_RESPONSE,
        "ecdf": not (_is_zero_one(fit) or unordered),
        "rootogram": counts,
        "calibration": fit.family.response not in ("ordinal", "nominal"),
        "statistic": not unordered,
    }
    if not suits.get(kind, True):
        other = "" if unordered else ' or kind="statistic"'
        raise ArgumentError(
            f"kind={kind!r} does not suit a {fit.family} response; use kind={_suited_kind(fit)!r}{other}."
        )


def _statistic(fit: Fit, name: str | None, groups: str) -> str:
    suited = suited_statistics(fit, groups)
    known = tuple(dict.fromkeys((*suited, *(name for name in OF_NUMBERS if name in STATISTICS))))
    return one_of(suited[0] if name is None else name, known, argument="statistic")


def _label(fit: Fit, kind: str) -> str:
    design, name = fit.design, response_text(fit.design)
    if design.response.trials is not None:
        return f"successes of {name}" if kind == "rootogram" else f"proportion of {name}"
    return with_unit(name, response_unit(design))
