"""How much do the groups vary, and how are their effects correlated?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.profile import variance_limits
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.arguments import a_switch, one_of, probability
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, correlations, joined, standard_deviations
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import sampling_quality, summarise
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit, no_answer
from bayesmix.posterior.layout import column_pairs

SCALES = ("sd", "variance", "covariance")
RESIDUAL = "Residual"

Label = tuple[str, str, str]


@table
def varcorr(
    fit: Fit | RemlFit | LaplaceFit, *, scale: str = "sd", prob: float = 0.95, intervals: bool = False
) -> pd.DataFrame:
    """Standard deviations and correlations of the group effects, as lme4's `VarCorr`.

    Parameters
    ----------
    fit
        A fitted model.
    scale
        ``"sd"``; ``"variance"`` for the variances (each draw squared), whereas correlations stay correlations;
        ``"covariance"`` for variances and, in place of correlations, covariances.
    prob
        Probability of the interval.
    intervals
        Whether to compute confidence intervals of a REML or ML fit, as R's `confint`; a posterior always has
        intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed by `group`, `term1`, `term2`: for each random term in the order of the formula the standard
        deviations (`term1` equals `term2`), then the correlations, or what `scale` says; `Residual` last, with empty
        terms, if the family has a sigma. Posterior: `mean`, `median`, `sd`, `lower` and `upper` (equal-tailed
        interval of probability `prob`), `ess_bulk`, `rhat`. REML and Laplace: `estimate`, exactly 0 on the boundary; a
        correlation with an effect of variance 0 is nan, the covariance 0. With `intervals` also `lower` and `upper`,
        from the profile of the restricted likelihood, or of an ML fit's likelihood (R takes the latter for both); a
        covariance has none. If a Laplace fit has no maximum (`converged` in `glance`), its numbers are where the
        search stopped, no estimates.

    Raises
    ------
    ArgumentError
        `scale` is not known, `prob` is not between 0 and 1, or `intervals` is asked of a Laplace fit, or
        of a model whose profiles would take more than half a minute.

    Notes
    -----
    The posterior of a standard deviation near 0 is skewed: the mean lies above the REML estimate there.
    """
    scale, prob = one_of(scale, SCALES, argument="scale"), probability(prob)
    return _varcorr(fit, scale=scale, prob=prob, intervals=a_switch(intervals, argument="intervals"))


@singledispatch
def _varcorr(fit: object, *, scale: str, prob: float, intervals: bool) -> pd.DataFrame:
    raise no_answer(_varcorr, fit, question="varcorr")


@_varcorr.register
def _of_posterior(fit: Fit, *, scale: str, prob: float, intervals: bool) -> pd.DataFrame:
    power = 1 if scale == "sd" else 2
    labels = _labels_of(fit.design)
    draws: list[Floats] = []
    for term in fit.design.all_random:
        sds = standard_deviations(fit, term)
        draws.append(sds**power)
        if term.k > 1:
            draws.append(correlations(fit, term) * (_products(term, sds) if scale == "covariance" else 1.0))
    if "sigma" in constant_parameters(fit):
        labels.append((RESIDUAL, "", ""))
        draws.append(auxiliary(fit, "sigma")[None] ** power)
    index = _as_index(labels)
    if not labels:
        return pd.DataFrame(columns=["mean", "median", "sd", "lower", "upper", "ess_bulk", "rhat"], index=index)
    values = np.concatenate(draws)
    columns = summarise(joined(values), prob).columns("mean", "median", "sd", "lower", "upper")
    quality = sampling_quality(fit, values)
    return pd.DataFrame({**columns, "ess_bulk": quality["ess_bulk"], "rhat": quality["rhat"]}, index=index)


@_varcorr.register
def _of_reml(fit: RemlFit, *, scale: str, prob: float, intervals: bool) -> pd.DataFrame:
    values = [*_of_factors(fit.L, scale), fit.sigma if scale == "sd" else fit.sigma**2]
    labels = [*_labels_of(fit.design), (RESIDUAL, "", "")]
    table = pd.DataFrame({"estimate": values}, index=_as_index(labels))
    if not intervals:
        return table
    ends = variance_limits(fit, prob)
    is_sd = np.array([term1 == term2 for _, term1, term2 in labels])
    if scale != "sd":
        ends[is_sd] **= 2
    if scale == "covariance":
        ends[~is_sd] = np.nan
    return table.assign(lower=ends[:, 0], upper=ends[:, 1])


@_varcorr.register
def _of_laplace(fit: LaplaceFit, *, scale: str, prob: float, intervals: bool) -> pd.DataFrame:
    if intervals:
        raise ArgumentError("A Laplace fit has no intervals of standard deviations; those of bm.fit's posterior hold.")
    values = _of_factors(fit.L, scale)
    return pd.DataFrame({"estimate": values}, index=_as_index(_labels_of(fit.design)), dtype=float)


def _products(term: GroupTerm, sds: Floats) -> Floats:
    """The product of the standard deviations of each pair of columns, in the order of the correlations."""
    places = [(term.names.index(first), term.names.index(second)) for first, second in column_pairs(term)]
    return np.stack([sds[first] * sds[second] for first, second in places])


def _of_factors(factors: tuple[Floats, ...], scale: str) -> list[float]:
    """Standard deviations or variances, then correlations or covariances, of every term, from its factor L."""
    values: list[float] = []
    for L in factors:
        sds = np.sqrt(np.sum(L**2, axis=1))
        values += list(sds if scale == "sd" else sds**2)
        if scale == "covariance":
            values += [float(L[i] @ L[j]) for j in range(len(L)) for i in range(j)]
            continue
        # An effect without variance has no correlation.
        rows = np.divide(L, sds[:, None], out=np.full_like(L, np.nan), where=sds[:, None] > 0)
        values += [float(np.clip(rows[i] @ rows[j], -1, 1)) for j in range(len(L)) for i in range(j)]
    return values


def _labels_of(design: Design) -> list[Label]:
    """Group and two columns of every standard deviation, then of every correlation, term by term."""
    labels: list[Label] = []
    for term in design.all_random:
        labels += [(term.group, name, name) for name in term.names]
        labels += [(term.group, first, second) for first, second in column_pairs(term)]
    return labels


def _as_index(labels: list[Label]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(labels, names=["group", "term1", "term2"])
