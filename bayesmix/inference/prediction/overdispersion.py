"""Do counts vary more than their distribution allows?"""

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.inference.prediction.posterior_predict import DRAWS, replicated
from bayesmix.inference.shared.arguments import a_count, a_seed, probability
from bayesmix.inference.shared.question import table
from bayesmix.modelling.record import Fit
from bayesmix.numerics.predictive_statistics import exceedance, pearson_ratio

_SMALL = 0.05
"""A p value below this, or above 1 minus this, is a sign of over- or underdispersion."""


@table
def overdispersion(fit: Fit, *, draws: int = DRAWS, seed: int | None = None, prob: float = 0.95) -> pd.DataFrame:
    """Pearson's chi-square per row, in the data and in data replicated from the posterior.

    Parameters
    ----------
    fit
        A fitted model of counts or of proportions out of trials.
    draws
        Replicated data sets.
    seed
        The same seed gives the same replicates; by default that of the fit.
    prob
        Probability of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row: `ratio` with `lower` and `upper`, the mean over rows of (y - mean)^2 / variance and its posterior
        interval; `expected`, `expected_lower`, `expected_upper`, the same of replicates; `p`, the share of draws in
        which the replicate has the greater ratio: near 0 the data are overdispersed, near 1 underdispersed;
        `advice`, in words. All are given the effects of the row's own levels.

    Raises
    ------
    ArgumentError
        The family has a variance parameter that is fitted, or a response of 0 and 1, which cannot be overdispersed.

    Notes
    -----
    A ratio above 1 can also come from a predictor or a group that the model lacks, or from a link that does not suit:
    look at `plot_residuals` before you change the family. Small expected counts make the ratio skewed; the replicates
    have the same skewness, so that p holds.

    References
    ----------
    Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807; Harrison (2014), doi:10.7717/peerj.616, on effects of
    each row.
    """
    _refuse_unsuited(fit)
    prob = probability(prob)
    data = replicated(fit, draws=a_count(draws, argument="draws"), seed=a_seed(seed, fit))
    of_data = pearson_ratio(np.broadcast_to(data.shown, data.replicates.shape), data.moments)
    of_replicates = pearson_ratio(data.shown_replicates, data.moments)
    tails = ((1 - prob) / 2, (1 + prob) / 2)
    lower, upper = np.quantile(of_data, tails)
    expected_lower, expected_upper = np.quantile(of_replicates, tails)
    p = exceedance(of_replicates, of_data)
    record = {
        "ratio": of_data.mean(),
        "lower": lower,
        "upper": upper,
        "expected": of_replicates.mean(),
        "expected_lower": expected_lower,
        "expected_upper": expected_upper,
        "p": p,
        "advice": _advice(fit, float(of_data.mean()), p),
    }
    return pd.DataFrame([record], index=pd.Index([fit.design.response.name], name="response"))


def _refuse_unsuited(fit: Fit) -> None:
    if fit.family.record.overdispersed is None:
        raise ArgumentError(
            f"Overdispersion is asked of counts and proportions; the model is {fit.family}. See ppc(fit)"
            f"{'' if fit.design.response.unordered else ' and plot_residuals(fit)'}."
        )
    if fit.family.name == "binomial" and fit.design.response.trials is None:
        raise ArgumentError(
            "A response of 0 and 1 cannot be overdispersed: its variance follows from its mean. Count rows that have "
            "the same predictors together, cbind(k, n - k), and ask again."
        )


def _advice(fit: Fit, ratio: float, p: float) -> str:
    if p < _SMALL:
        return (
            f"Overdispersed: the data vary {ratio:.2f} times as much as {fit.family} allows, and intervals are too "
            f"narrow. Fit {fit.family.record.overdispersed}, and compare by bm.compare."
        )
    if p > 1 - _SMALL:
        return (
            f"Underdispersed: the data vary {ratio:.2f} times as much as {fit.family} gives. Look for rows that "
            "depend on each other, trials that are not independent, or counts with an upper bound."
        )
    return f"No clear sign of over- or underdispersion (p {p:.2f}, nearer to 0.5 than that of a test would be)."
