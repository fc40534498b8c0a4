"""Is a term there: how much more probable are the data with it than without it?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan, log

import numpy as np

from bayesmix.display import Printed
from bayesmix.errors import ArgumentError, listing
from bayesmix.formula.reduce import Reduction
from bayesmix.formula.response import measure_of
from bayesmix.inference.evidence.log_marginal import log_marginal, log_marginals
from bayesmix.inference.evidence.nested import equal_numbers
from bayesmix.inference.evidence.prior_sensitivity import evidence_range
from bayesmix.inference.evidence.tested_term import reduction_named, tested_sds
from bayesmix.inference.shared.question import question
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model
from bayesmix.modelling.samplers.log_marginal import LogMarginal

# Kass & Raftery (1995), doi:10.1080/01621459.1995.10476572: bounds of |log10 BF| and their words.
_WORDS = ((0.5, "not worth more than a bare mention"), (1.0, "substantial"), (2.0, "strong"), (inf, "decisive"))


@dataclass(frozen=True, repr=False)
class BayesFactor(Printed):
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
        The priors of the tested parameters, if a term was dropped.
    low, high : float
        Least and greatest `log10_bf` as the scales of the priors of the tested standard deviations, or coefficients,
        go from a tenth to ten times what they are; nan for two fits, or if the draws do not cover all these priors.
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
    low: float = np.nan
    high: float = np.nan
    note: str = ""


@question
def bayes_factor(fit: Fit, other: Fit | str | None = None, *, drop: str | None = None) -> BayesFactor:
    """Evidence for a term against its absence, or for one fitted model against another.

    Compares the probabilities that the models give to the data, under the priors printed with the fits.

    Parameters
    ----------
    fit
        A fit; by nutpie if it has no closed form. The model without `drop` is then sampled in the same way.
    other
        A second fit of the same rows; the factor is for `fit` against `other`. A text is taken as `drop`.
    drop
        Instead of `other`: a random term or a part of one as `rand` prints it, ``"Days in (Days | Subject)"`` or
        ``"(1 | Subject)"``, or a term of the fixed part, ``"Days"``.

    Returns
    -------
    BayesFactor
        log10_bf : float; > 0 favours `fit`
        mcse : float, Monte Carlo standard error of `log10_bf`

    Raises
    ------
    ArgumentError
        `fit` or `other` is no posterior, neither or both of `other` and `drop` are given, the fits are of different
        rows, or one without a closed form does not hold the draws that bridge sampling needs.
    UnknownTermError
        `drop` is not in the model; the message lists what is.
    PriorError
        A tested standard deviation has a prior whose density at 0 is 0 or infinite.

    Notes
    -----
    A Bayes factor depends on the priors of the tested parameters: `low` and `high` say how much, `prior_sensitivity`
    shows the curve.

    References
    ----------
    Kass & Raftery (1995), doi:10.1080/01621459.1995.10476572
    """
    if isinstance(other, str) and drop is None:
        other, drop = None, other
    if (other is None) == (drop is None):
        raise ArgumentError("Give a second fit, or drop= with a term of the first: one of the two.")
    if other is not None:
        other = a_posterior(other, question="bayes_factor")
        _require_same_rows(fit, other)
        larger, smaller = told_apart(fit, other)
        return compare(larger, log_marginal(fit), smaller, log_marginal(other))
    return without(fit, reduction_named(fit, drop))


def without(fit: Fit, reduction: Reduction) -> BayesFactor:
    """The factor for `fit` against the same model without a part, with its range over the scale of the prior."""
    larger, smaller = log_marginals(fit, [fit.design.written, reduction.formula])
    further = fit.formulas[1:]
    factor = compare(joined(fit.formulas), larger, joined((reduction.formula.text, *further)), smaller)
    model = reduced_model(fit, reduction.formula)
    low, high = (np.nan, np.nan) if factor.reason else evidence_range(fit, model, larger, smaller)
    priors = ", ".join(f"{name} ~ {fit.priors[name]}" for name in model.tested)
    label = factor.label if isnan(low) else verbal_range(low, high)
    note = "" if factor.reason else _note(low, high, of_coefficients=not tested_sds(fit, model))
    return replace(factor, priors=priors, low=low, high=high, label=label, note=note)


def _note(low: float, high: float, *, of_coefficients: bool) -> str:
    if isnan(low):
        return "Over other prior scales: bm.prior_sensitivity(fit, drop=...) has those that the draws reach."
    if of_coefficients and low < 0:
        return (
            "Note: the evidence against coefficients grows with the scale of their prior without bound (Lindley's "
            "paradox): give the size of the effects that you expect (priors=), and report the range."
        )
    return "Note: the scale of the prior decides the sign; report the range." if low < 0 < high else ""


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


def joined(formulas: Sequence[str]) -> str:
    """The formulas of one model in a line."""
    return "; ".join(formulas)


def told_apart(fit: Fit, other: Fit) -> tuple[str, str]:
    """Two models by all their formulas, by families and weights if they differ, and if nothing else does by priors."""
    names = dict.fromkeys((*fit.priors, *other.priors))
    changed = [name for name in names if fit.priors.get(name) != other.priors.get(name)]
    texts, priors = [], []
    for model in (fit, other):
        text = joined(model.formulas)
        if fit.family != other.family:
            text += f", {model.family}"
        if fit.design.weights_column != other.design.weights_column:
            text += f", weights {model.design.weights_column or 'none'}"
        texts.append(text)
        priors.append(listing(f"{name} ~ {model.priors[name]}" for name in changed if name in model.priors))
    if texts[0] == texts[1]:
        texts = [f"{text}, {prior}" if prior else text for text, prior in zip(texts, priors, strict=True)]
    return texts[0], texts[1]


def _require_same_rows(fit: Fit, other: Fit) -> None:
    first, second = fit.design, other.design
    if measure_of(fit.family.response) != measure_of(other.family.response):
        raise ArgumentError(
            f"Densities and probabilities cannot be compared: the families are {fit.family} and {other.family}."
        )
    if first.n_obs != second.n_obs:
        raise ArgumentError(
            f"The fits are of different rows ({first.n_obs} and {second.n_obs}): their marginal likelihoods cannot be "
            "compared. Fit both to the rows that are complete for both."
        )
    # An offset is a part of a Gaussian response, but a part of the model for counts.
    shift = fit.family.is_gaussian_identity and other.family.is_gaussian_identity
    values, other_values = (design.response.values - shift * design.offset for design in (first, second))
    same_trials = equal_numbers(first.response.trials, second.response.trials)
    same_bounds = np.array_equal(first.response.censoring, second.response.censoring)  # type: ignore[arg-type]
    if not (np.array_equal(values, other_values) and same_trials and same_bounds):
        raise ArgumentError(
            f"The fits have different responses ({first.response.name} and {second.response.name}, or other rows): "
            "their marginal likelihoods cannot be compared."
        )
