"""Do the posterior and REML agree, and where do they not?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix import display, modelling
from bayesmix.errors import ArgumentError
from bayesmix.inference.arguments import probability
from bayesmix.inference.draws import auxiliary, standard_deviations
from bayesmix.inference.fixef import fixef
from bayesmix.inference.ranef import ranef
from bayesmix.inference.varcorr import varcorr
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

_SMALL = 0.1  # of a residual sd: what the note on a boundary estimate calls near 0


@dataclass(frozen=True, eq=False, repr=False)
class RemlComparison:
    """A posterior beside the REML fit of the same model; it prints as one table.

    Attributes
    ----------
    fixed : pandas.DataFrame
        Indexed by `coefficient`: `reml` and its `se`, posterior `mean`, `sd`, `lower`, `upper`; `difference`, posterior
        mean less REML in posterior sds.
    variance : pandas.DataFrame
        Indexed by `(group, term1, term2)` as `varcorr`, sds and correlations: `reml`, posterior `mean`, `median`, `sd`,
        `lower`, `upper`; `difference`; `note` on an estimate at the boundary, in words.
    groups : pandas.DataFrame
        One row per level and term: `group`, `level`, `term`, `blup` and `blup_sd`, posterior `mean`, `sd`, `lower`,
        `upper`; `difference`.
    reml : RemlFit
        The REML fit.
    prob : float
        Probability of the intervals.
    """

    fixed: pd.DataFrame
    variance: pd.DataFrame
    groups: pd.DataFrame
    reml: RemlFit
    prob: float

    def __repr__(self) -> str:
        return display.as_text(self)

    def _repr_html_(self) -> str:
        return display.as_html(self)


def compare_reml(fit: Fit, *, prob: float = 0.95) -> RemlComparison:
    """The posterior beside the REML fit of the same model to the same rows.

    Both come from one function: REML is where it is greatest when the coefficients have a flat prior, the posterior
    what is under it. They part where that function is lopsided or the data say little: few levels, a variance near 0.

    Parameters
    ----------
    fit
        A Gaussian model with identity link, by `bm.fit`.
    prob
        Probability of the posterior intervals.

    Returns
    -------
    RemlComparison
        `fixed`, `variance` and `groups`: REML estimates and BLUPs beside posterior means and intervals, and their
        difference in posterior standard deviations. An estimate at the boundary carries a note of what the posterior
        says there.

    Raises
    ------
    ArgumentError
        The model is not Gaussian with identity link, or `prob` is not between 0 and 1.
    """
    prob = probability(prob)
    if not isinstance(fit, Fit):
        raise ArgumentError(f"compare_reml takes a fit by bm.fit; got {type(fit).__name__}.")
    if not fit.family.is_gaussian_identity:
        raise ArgumentError(f"REML is for Gaussian models with identity link; this one is {fit.family}.")
    estimated = modelling.reml_fit.fit_design(fit.design)
    return RemlComparison(
        fixed=_fixed(fit, estimated, prob),
        variance=_variance(fit, estimated, prob),
        groups=_groups(fit, estimated, prob),
        reml=estimated,
        prob=prob,
    )


def _fixed(fit: Fit, estimated: RemlFit, prob: float) -> pd.DataFrame:
    posterior, reml = fixef(fit, prob=prob), fixef(estimated, prob=prob)
    frame = pd.DataFrame({"reml": reml["estimate"], "se": reml["se"]})
    return _with_posterior(frame, posterior, ("mean", "sd", "lower", "upper"))


def _variance(fit: Fit, estimated: RemlFit, prob: float) -> pd.DataFrame:
    posterior = varcorr(fit, prob=prob)
    # Both have the rows of `labels_of`, in its order.
    frame = pd.DataFrame({"reml": varcorr(estimated)["estimate"].to_numpy()}, index=posterior.index)
    frame = _with_posterior(frame, posterior, ("mean", "median", "sd", "lower", "upper"))
    notes, sigma = [], auxiliary(fit, "sigma")
    for term, L in zip(fit.design.random, estimated.L, strict=True):
        for row, draws in zip(L, standard_deviations(fit, term), strict=True):
            share = np.mean(draws < _SMALL * sigma)
            near = f"posterior median {np.median(draws):.3g}, P(sd < {_SMALL:g} sigma) = {share:.2f}"
            notes.append("" if row.any() else f"REML 0, {near}")
        singular = next((one for one in estimated.singular if one.term == f"({term.label})"), None)
        n_pairs = term.k * (term.k - 1) // 2
        notes += [f"REML singular, rank {singular.rank} of {singular.k}" if singular else ""] * n_pairs
    return frame.assign(note=[*notes, ""])


def _groups(fit: Fit, estimated: RemlFit, prob: float) -> pd.DataFrame:
    posterior, reml = ranef(fit, prob=prob), ranef(estimated)
    frame = posterior[["group", "level", "term"]].assign(reml=reml["estimate"], blup_sd=reml["sd"])
    frame = _with_posterior(frame, posterior, ("mean", "sd", "lower", "upper"))
    return frame.rename(columns={"reml": "blup"})


def _with_posterior(frame: pd.DataFrame, posterior: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Posterior summaries and the difference from `reml` in posterior sds."""
    frame = frame.assign(**{name: posterior[name] for name in columns})
    return frame.assign(difference=(frame["mean"] - frame["reml"]) / frame["sd"])
