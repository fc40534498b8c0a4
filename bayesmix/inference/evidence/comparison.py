"""Two models compared by their log marginal likelihoods: a Bayes factor, and what it is in words."""

from dataclasses import dataclass
from math import inf, isfinite, log

import numpy as np

from bayesmix.display import Printed
from bayesmix.hints import Listed
from bayesmix.modelling.samplers.log_marginal import LogMarginal

# Kass & Raftery (1995), doi:10.1080/01621459.1995.10476572: bounds of |log10 BF| and their words.
_WORDS = ((0.5, "not worth more than a bare mention"), (1.0, "substantial"), (2.0, "strong"), (inf, "decisive"))


@dataclass(frozen=True, repr=False)
class BayesFactor(Listed, Printed):
    """Evidence for the larger of two models against the smaller one; it prints as a few lines.

    Attributes
    ----------
    log10_bf : float
        Logarithm to the base 10; > 0 favours the larger model. nan if it cannot be trusted.
    mcse : float
        Monte Carlo standard error of `log10_bf`; for quadrature the estimated error, near 0.
    probability : float
        Posterior probability of the larger model if both were equally probable before.
    label : str
        In words, on the scale of Kass & Raftery (1995), at both ends if they change with the scale of the prior.
    larger, smaller : str
        The models that were compared: all their formulas, and if these are equal, what differs.
    method : str
        How the two marginal likelihoods were computed.
    reason : str
        Why the number cannot be trusted and what to do; empty if it can.
    priors : str
        The priors of the tested parameters, if a term was dropped or the second fit lacks some.
    prior : str
        ``"cauchy"`` if these are made for tests, ``"fit"`` if they are those of the fit.
    low, high : float
        Least and greatest `log10_bf` as the scales of the priors of the tested standard deviations, or coefficients,
        are multiplied by 0.1 to 10, or 0.25 to 4 for Cauchy priors; nan for two fits of which the second is not
        contained in the first, or if the draws do not cover all these priors.
    multiplied : tuple of float
        The least and the greatest number that the scales were multiplied by.
    note : str
        A warning about the number, such as that the scale of the prior decides its sign; may be empty.
    """

    log10_bf: float
    mcse: float
    probability: float
    label: str
    larger: str
    smaller: str
    method: str
    reason: str = ""
    priors: str = ""
    prior: str = "fit"
    low: float = np.nan
    high: float = np.nan
    multiplied: tuple[float, float] = (0.1, 10.0)
    note: str = ""


def compare(larger: str, of_larger: LogMarginal, smaller: str, of_smaller: LogMarginal) -> BayesFactor:
    """The factor from two models' formulas and their log marginal likelihoods (natural logarithms)."""
    method = " and ".join(dict.fromkeys((of_larger.method, of_smaller.method)))
    reason = of_larger.reason or of_smaller.reason
    if reason:
        return BayesFactor(np.nan, np.nan, np.nan, "", larger, smaller, method, reason)
    log_bf = of_larger.value - of_smaller.value
    error = float(np.hypot(of_larger.error, of_smaller.error)) / log(10)
    probability = float(1 / (1 + np.exp(-np.clip(log_bf, -700, 700))))
    return BayesFactor(log_bf / log(10), error, probability, verbal(log_bf / log(10)), larger, smaller, method)


def verbal(log10_bf: float) -> str:
    """A Bayes factor in words, on the scale of Kass & Raftery (1995)."""
    if not isfinite(log10_bf):
        return ""
    words = next(words for bound, words in _WORDS if abs(log10_bf) < bound)
    return words if abs(log10_bf) < _WORDS[0][0] else f"{words} {'for' if log10_bf > 0 else 'against'} the term"


def verbal_range(low: float, high: float) -> str:
    """The words for the least and the greatest factor over scales of the prior; once if they are the same."""
    if verbal(low) == verbal(high):
        return verbal(low)
    return f"from {verbal(low)} to {verbal(high)}, by the scale of the prior"
