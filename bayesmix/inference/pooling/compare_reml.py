"""Do the posterior and REML agree, and where do they not?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmix.arrays import Flags, Floats
from bayesmix.display import Printed
from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.fit_design import fit_laplace
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.families.family import has_laplace_fit
from bayesmix.formula.design import GroupTerm
from bayesmix.hints import Listed
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, correlations, standard_deviations
from bayesmix.inference.shared.estimability import not_estimable, shared_coefficients
from bayesmix.inference.shared.question import question
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.ranef import ranef
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit
from bayesmix.separated_data.find import can_separate, separation_of

_SMALL = 0.1  # residual sds, below which the note on a boundary estimate calls a sd near 0
_STRONG = 0.9  # above this size the note calls a correlation near -1 or 1
_RUNAWAY = 10.0  # on the link scale; no estimate lies beyond it
_CALLED: dict[type, str] = {RemlFit: "REML", LaplaceFit: "Laplace"}


@dataclass(frozen=True, eq=False, repr=False)
class RemlComparison(Listed, Printed):
    """A posterior beside the REML fit of the same model; it prints as one table.

    Attributes
    ----------
    fixed : pandas.DataFrame
        Indexed by `coefficient`: `reml` (for counts the Laplace fit) and its `se`, posterior `mean`, `sd`, `lower`,
        `upper`; `difference`, posterior mean minus REML in posterior sds, nan if there is no finite estimate, which
        the `note` then says. Of coefficients that are not estimable REML has no number (``attrs["not_estimable"]`` has
        the reasons). What stands beside them in the posterior is another quantity there: no difference either.
    variance : pandas.DataFrame
        Indexed by `(group, term1, term2)` as `varcorr`, sds and correlations: `reml`, posterior `mean`, `median`, `sd`,
        `lower`, `upper`; `difference`; `note` on an estimate at the boundary, in words.
    groups : pandas.DataFrame
        One row per level and term: `group`, `level`, `term`, `blup` and `blup_sd`, posterior `mean`, `sd`, `lower`,
        `upper`; `difference`.
    reml : RemlFit or LaplaceFit
        The fit beside which the posterior stands.
    prob : float
        Probability of the intervals.
    """

    fixed: pd.DataFrame
    variance: pd.DataFrame
    groups: pd.DataFrame
    reml: RemlFit | LaplaceFit
    prob: float


@question
def compare_reml(fit: Fit, *, prob: float = 0.95) -> RemlComparison:
    """The posterior beside the REML fit of the same model to the same rows.

    Both come from one function of the variances: REML maximises it under a flat prior of the coefficients, the
    posterior averages over it. They differ if it is skewed or the data say little: few levels, a variance near 0.

    Parameters
    ----------
    fit
        A fit by `bm.fit`. A Gaussian model with identity link is compared with REML, counts with the maximum likelihood
        fit by Laplace's approximation, whose failures are shown as failures.
    prob
        Probability of the posterior intervals.

    Returns
    -------
    RemlComparison
        `fixed`, `variance` and `groups`: REML estimates and BLUPs beside posterior means and intervals, and their
        difference in posterior standard deviations. An estimate at the boundary has a note on what the posterior says
        there.

    Raises
    ------
    ArgumentError
        The family has no such fit, or `prob` is not between 0 and 1.
    """
    prob = probability(prob)
    estimated = estimated_beside(fit)
    return RemlComparison(
        fixed=_fixed(fit, estimated, prob),
        variance=_variance(fit, estimated, prob),
        groups=_groups(fit, estimated, prob),
        reml=estimated,
        prob=prob,
    )


def estimated_beside(fit: Fit) -> RemlFit | LaplaceFit:
    """The REML fit of the same model to the same rows, of counts the Laplace fit.

    Raises
    ------
    ArgumentError
        The model has no such fit.
    """
    if fit.design.own_formulas:
        raise ArgumentError(
            f"There is no REML fit of a model with a formula for {' and '.join(fit.design.own_formulas)}."
        )
    if fit.design.response.censoring is not None:
        raise ArgumentError(
            "There is neither a REML nor a Laplace fit of a censored response; "
            f"{fit.design.formula.response.text} is one."
        )
    if fit.family.is_gaussian_identity:
        return fit_reml(fit.design)
    if has_laplace_fit(fit.family):
        return fit_laplace(fit.design, fit.family)
    raise ArgumentError(f"There is neither a REML nor a Laplace fit of {fit.family}.")


def _fixed(fit: Fit, estimated: RemlFit | LaplaceFit, prob: float) -> pd.DataFrame:
    posterior = fixef(fit, prob=prob)
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diag(estimated.vcov))
    # Coefficients that were not estimable have rows of nan.
    frame = pd.DataFrame({"reml": estimated.beta, "se": se}, index=pd.Index(estimated.design.fixed.names, dtype=object))
    frame = frame.reindex(posterior.index)
    frame = _with_posterior(frame, posterior, ("mean", "sd", "lower", "upper"))
    gone = _runs_away(frame, fit, estimated)
    notes = [_runaway(row) if goes else "" for (_, row), goes in zip(frame.iterrows(), gone, strict=True)]
    apart = gone | frame.index.isin(list(shared_coefficients(fit.design)))
    compared = frame.assign(difference=frame["difference"].mask(apart), note=notes)
    compared.attrs |= not_estimable(fit.design)
    return compared


def _runs_away(frame: pd.DataFrame, fit: Fit, estimated: RemlFit | LaplaceFit) -> Flags:
    """The coefficients of a fit without a maximum that go to infinity: by separation, or else by their size."""
    if estimated.converged:
        return np.zeros(len(frame), dtype=bool)
    estimated_too = frame.index.isin(estimated.design.fixed.names)
    far = estimated_too & ~((frame["reml"].abs() < _RUNAWAY) & (frame["se"] < _RUNAWAY)).to_numpy()
    separated = separation_of(fit.design, fit.family).coefficients if can_separate(fit.family) else far
    return separated if separated.any() else far


def _runaway(row: pd.Series) -> str:
    posterior = f"posterior {row['mean']:.2f} [{row['lower']:.2f}, {row['upper']:.2f}]"
    return f"Laplace {row['reml']:.3g}, SE {row['se']:.2g}: not finite; {posterior}"


def _variance(fit: Fit, estimated: RemlFit | LaplaceFit, prob: float) -> pd.DataFrame:
    posterior = varcorr(fit, prob=prob)
    # Both have the same rows in the same order.
    frame = pd.DataFrame({"reml": varcorr(estimated)["estimate"].to_numpy()}, index=posterior.index)
    frame = _with_posterior(frame, posterior, ("mean", "median", "sd", "lower", "upper"))
    by = estimated_by(estimated)
    notes = []
    for term, L in zip(fit.design.random, estimated.L, strict=True):
        rank = int(np.count_nonzero(L.any(axis=0)))
        for row, draws in zip(L, standard_deviations(fit, term), strict=True):
            notes.append("" if row.any() else f"{by} 0, {_near_zero(fit, draws)}")
        correlated = frame["reml"].iloc[len(notes) : len(notes) + term.k * (term.k - 1) // 2].to_numpy()
        notes += _edges(fit, term, correlated, rank, by) if rank < term.k else [""] * len(correlated)
    return frame.assign(note=[*notes, *[""] * (len(frame) - len(notes))])


def estimated_by(estimated: RemlFit | LaplaceFit) -> str:
    """The name of the estimates beside the posterior."""
    return _CALLED[type(estimated)]


def _near_zero(fit: Fit, draws: Floats) -> str:
    """What the posterior says of a sd whose estimate is 0."""
    median = f"posterior median {np.median(draws):.3g}"
    if "sigma" not in constant_parameters(fit):
        return median
    share = np.mean(draws < _SMALL * auxiliary(fit, "sigma"))
    return f"{median}, P(sd < {_SMALL:g} sigma) = {share:.2f}"


def _edges(fit: Fit, term: GroupTerm, estimates: Floats, rank: int, by: str) -> list[str]:
    """Notes on the strong correlations of a singular covariance, or on all if none is strong.

    An effect without variance has no correlations: the note on its sd is enough.
    """
    if not len(estimates):
        return []
    strong = np.abs(estimates) > _STRONG
    noted = strong if strong.any() else np.isfinite(estimates)
    notes = []
    for estimate, is_noted, draws in zip(estimates, noted, correlations(fit, term), strict=True):
        share = np.mean(abs(draws) > _STRONG)
        posterior = f"posterior median {np.median(draws):.2f}, P(|corr| > {_STRONG:g}) = {share:.2f}"
        notes.append(f"{by} {estimate:.3g} (rank {rank} of {term.k}), {posterior}" if is_noted else "")
    return notes


def _groups(fit: Fit, estimated: RemlFit | LaplaceFit, prob: float) -> pd.DataFrame:
    posterior = ranef(fit, prob=prob)
    blups = ranef(estimated)
    frame = posterior[["group", "level", "term"]].assign(
        reml=blups["estimate"].to_numpy(), blup_sd=blups["sd"].to_numpy()
    )
    frame = _with_posterior(frame, posterior, ("mean", "sd", "lower", "upper"))
    return frame.rename(columns={"reml": "blup"})


def _with_posterior(frame: pd.DataFrame, posterior: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Posterior summaries and the difference from `reml` in posterior sds."""
    frame = frame.assign(**{name: posterior[name] for name in columns})
    return frame.assign(difference=(frame["mean"] - frame["reml"]) / frame["sd"])
