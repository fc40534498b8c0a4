"""Does the fitted model give data like those observed: replicates beside the data."""

from collections.abc import Callable, Mapping
from typing import Literal

from matplotlib.axes import Axes

from bayesmix.errors import ArgumentError
from bayesmix.inference.arguments import a_count, a_seed, one_of
from bayesmix.inference.fitted import fitted
from bayesmix.inference.posterior_predict import REPLICATED
from bayesmix.inference.ppc import suited_statistics
from bayesmix.inference.replicated import Replicated, replicated
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import OF_NUMBERS, STATISTICS
from bayesmix.report import ppc_panels
from bayesmix.report.plot_arguments import a_fit, a_text_or_none, an_axes
from bayesmix.report.plot_style import one_axes

KINDS = ("density", "ecdf", "rootogram", "calibration", "statistic")

_BY_RESPONSE = {
    "count": "rootogram",
    "count_with_zeros": "rootogram",
    "proportion": "ecdf",
    "trials": "ecdf",
    "trials_with_zeros": "ecdf",
    "positive_with_zeros": "ecdf",
    "ordinal": "rootogram",
    "binary": "calibration",
}
_DRAWS = 1000
_DRAWN: Mapping[str, Callable[[Axes, Replicated, str], Axes]] = {
    "density": ppc_panels.density,
    "ecdf": ppc_panels.ecdf,
    "rootogram": ppc_panels.rootogram_bars,
}


def plot_ppc(
    fit: Fit,
    kind: Literal["density", "ecdf", "rootogram", "calibration", "statistic"] | None = None,
    ax: Axes | None = None,
    *,
    statistic: str | None = None,
    groups: str = "fitted",
    draws: int = _DRAWS,
    seed: int | None = None,
) -> Axes:
    """The observed response beside data replicated from the posterior: a posterior predictive check as a picture.

    Parameters
    ----------
    fit
        A fitted model.
    kind
        ``"density"``: densities of the data and of 50 replicates. ``"ecdf"``: shares of rows up to each value, with the
        band that holds 95 % of the replicates; a step at 0 or 1 shows rows at 0 % or 100 %. ``"rootogram"``: how often
        each count occurs, on a square root scale. ``"calibration"``: means of rows for which the fixed part expects
        about the same.
        ``"statistic"``: one number of each replicate. By default what suits the response: densities of numbers,
        rootogram of counts, ecdf of proportions, calibration of a yes or no.
    ax
        Where to draw; by default a new figure.
    statistic
        With ``kind="statistic"``: one that `ppc` knows, such as ``"zeros"``.
    groups
        Replicates of the ``"fitted"`` levels, or of ``"new"`` ones.
    draws
        Replicated data sets.
    seed
        The same seed gives the same replicates; by default that of the fit.

    Returns
    -------
    matplotlib.axes.Axes
        Orange: the data. Blue: replicates. Bands and bars hold 95 % of the replicates at each place: among many
        places some lie outside under a right model too.

    Raises
    ------
    ArgumentError
        `kind` is not known or does not suit the response, or `statistic` does not.

    References
    ----------
    Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807; Kleiber & Zeileis (2016),
    doi:10.1080/00031305.2016.1173590, for rootograms.
    """
    fit, ax = a_fit(fit), an_axes(ax)
    for argument, value in (("kind", kind), ("statistic", statistic), ("groups", groups)):
        a_text_or_none(value, argument=argument)
    groups = one_of(groups, REPLICATED, argument="groups")
    if statistic is not None and kind is None:
        kind = "statistic"
    chosen = _suited_kind(fit) if kind is None else one_of(kind, KINDS, argument="kind")
    _refuse_unsuited(fit, chosen)
    name = _statistic(fit, statistic, groups) if chosen == "statistic" else ""
    found = replicated(fit, draws=a_count(draws, argument="draws"), groups=groups, seed=a_seed(seed, fit))
    ax = one_axes(ax)
    if chosen == "statistic":
        return ppc_panels.statistic(ax, found, name)
    if chosen == "calibration":
        by = fitted(fit, groups="typical")["mean"].to_numpy()[found.used]
        return ppc_panels.calibration(ax, found, _label(fit, chosen), by)
    return _DRAWN[chosen](ax, found, _label(fit, chosen))


def _is_zero_one(fit: Fit) -> bool:
    response = fit.family.response
    return response == "binary" or (response == "proportion" and fit.design.response.trials is None)


def _suited_kind(fit: Fit) -> str:
    return "calibration" if _is_zero_one(fit) else _BY_RESPONSE.get(fit.family.response, "density")


def _refuse_unsuited(fit: Fit, kind: str) -> None:
    counts = fit.design.response.trials is not None or fit.family.response in ("count", "count_with_zeros", "ordinal")
    suits = {
        "density": fit.family.response not in _BY_RESPONSE,
        "ecdf": not _is_zero_one(fit),
        "rootogram": counts,
    }
    if not suits.get(kind, True):
        raise ArgumentError(
            f'kind={kind!r} does not suit a {fit.family} response; use kind={_suited_kind(fit)!r} or kind="statistic".'
        )


def _statistic(fit: Fit, name: str | None, groups: str) -> str:
    suited = suited_statistics(fit, groups)
    known = tuple(dict.fromkeys((*suited, *(name for name in OF_NUMBERS if name in STATISTICS))))
    return one_of(suited[0] if name is None else name, known, argument="statistic")


def _label(fit: Fit, kind: str) -> str:
    name = fit.design.response.name
    if fit.design.response.trials is None:
        return name
    return f"successes of {name}" if kind == "rootogram" else f"proportion of {name}"
