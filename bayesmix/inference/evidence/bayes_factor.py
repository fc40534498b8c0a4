"""Is a term there: how much more probable are the data with it than without it?"""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, isnan

import numpy as np

from bayesmix.errors import ArgumentError
from bayesmix.formula.reduce import Reduction
from bayesmix.inference.evidence.cauchy_test import MULTIPLIED, CauchyTest, cauchy_test, evidence_of
from bayesmix.inference.evidence.comparison import BayesFactor, compare, verbal_range
from bayesmix.inference.evidence.log_marginal import log_marginal, log_marginals
from bayesmix.inference.evidence.prior_sensitivity import SECONDS, evidence_range
from bayesmix.inference.evidence.tested_term import reduction_named, tested_sds
from bayesmix.inference.evidence.two_fits import contained_in, joined, require_same_rows, told_apart
from bayesmix.inference.shared.question import question
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model


@question
def bayes_factor(
    fit: Fit,
    other: Fit | str | None = None,
    *,
    drop: str | Sequence[str] | None = None,
    prior: str = "auto",
    scale: float | None = None,
) -> BayesFactor:
    """Evidence for a term against its absence, or for one fitted model against another.

    Compares the probabilities that the models give to the data, under the priors printed with the fits, but for fixed
    terms of Gaussian models: their default priors are wide and made for estimates, and one made for tests takes their
    place.

    Parameters
    ----------
    fit
        A fit; by nutpie if it has no closed form. The model without `drop` is then sampled in the same way.
    other
        A second fit of the same rows; the factor is for `fit` against `other`. A text is taken as `drop`. Where
        `other` lacks parameters of `fit`, and has the same priors for the others, the answer has the range over the
        scales of their priors too.
    drop
        Instead of `other`: a random term or a part of one as `rand` prints it, ``"Days in (Days | Subject)"`` or
        ``"(1 | Subject)"``, or a term of the fixed part, ``"Days"``; several of these in a list go together.
    prior
        The prior of dropped fixed terms. ``"cauchy"``: multivariate Cauchy in units of the residual sd, for Gaussian
        models with a closed form and an intercept. ``"fit"``: that of the fit. ``"auto"``, the default: Cauchy where
        it is there and the dropped coefficients have their default priors, else that of the fit. The answer says which.
    scale
        r of the Cauchy prior; by default 0.5 for terms with a factor and sqrt(2) / 4 for covariates.

    Returns
    -------
    BayesFactor
        log10_bf : float; > 0 favours `fit`
        mcse : float, Monte Carlo standard error of `log10_bf`

    Raises
    ------
    ArgumentError
        `fit` or `other` is no posterior, neither or both of `other` and `drop` are given, the fits are of different
        rows, or one without a closed form does not hold the draws that bridge sampling needs; the Cauchy prior is asked
        for where it is not there.
    UnknownTermError
        `drop` is not in the model; the message lists what is.
    PriorError
        A tested standard deviation has a prior whose density at 0 is 0 or infinite.

    Notes
    -----
    A Bayes factor depends on the priors of the tested parameters: `low` and `high` say how much, `prior_sensitivity`
    shows the curve.

    Under the Cauchy prior the effects of a factor, in orthonormal contrasts of its levels, are independent
    Normal(0, g sigma^2) with g ~ InverseGamma(1/2, r^2 / 2), one g for each term. A difference between two levels is
    then Cauchy with the scale sqrt(2) r sigma, whatever the coding, and however rare a level is; a column of 0 and 1 is
    a factor of two levels. A covariate in an interaction with a factor is in units of its sd. Covariates alone are
    taken together: what the other columns leave of them has unit variance. All other parameters keep their priors.

    References
    ----------
    Kass & Raftery (1995), doi:10.1080/01621459.1995.10476572; Rouder, Morey, Speckman & Province (2012),
    doi:10.1016/j.jmp.2012.08.001; Rouder & Morey (2012), doi:10.1080/00273171.2012.734737; Bayarri & Garcia-Donato
    (2007), doi:10.1093/biomet/asm014
    """
    if isinstance(other, str) and drop is None:
        other, drop = None, other
    if (other is None) == (drop is None):
        raise ArgumentError("Give a second fit, or drop= with a term of the first: one of the two.")
    if other is not None:
        if prior != "auto" or scale is not None:
            raise ArgumentError("prior= and scale= are of a term that drop= names; two fits have their own priors.")
        other = a_posterior(other, question="bayes_factor")
        require_same_rows(fit, other)
        return _of_two_fits(fit, other)
    return without(fit, reduction_named(fit, drop), prior=prior, scale=scale)


def _of_two_fits(fit: Fit, other: Fit) -> BayesFactor:
    """The factor for `fit`; where `other` lacks parameters of it, with the range over the scales of their priors."""
    of_fit, of_other = log_marginal(fit), log_marginal(other)
    larger, smaller_name = told_apart(fit, other)
    factor = compare(larger, of_fit, smaller_name, of_other)
    smaller = contained_in(fit, other)
    if smaller is None or factor.reason:
        return factor
    low, high = evidence_range(fit, smaller, of_fit, of_other)
    return replace(
        _with_range(factor, low, high),
        priors=", ".join(f"{name} ~ {fit.priors[name]}" for name in smaller.tested),
        note=_note(low, high, of_coefficients=not tested_sds(fit, smaller)) if isfinite(low) else "",
    )


def without(fit: Fit, reduction: Reduction, *, prior: str = "auto", scale: float | None = None) -> BayesFactor:
    """The factor for `fit` against the same model without a part, with its range over the scale of the prior."""
    test = cauchy_test(fit, reduction, prior=prior, scale=scale)
    return _by_priors_of_fit(fit, reduction) if test is None else _by_cauchy_priors(fit, reduction, test)


def _by_cauchy_priors(fit: Fit, reduction: Reduction, test: CauchyTest) -> BayesFactor:
    (smaller,) = log_marginals(fit, [reduction.formula])
    names = _names(fit, reduction)
    evidence = evidence_of(fit, test, MULTIPLIED, seconds=SECONDS)
    factors = [compare(names[0], larger, names[1], smaller) for larger in evidence]
    factor = factors[MULTIPLIED.index(1.0)]
    values = [one.log10_bf for one in factors]
    low, high = (min(values), max(values)) if np.isfinite(values).all() else (np.nan, np.nan)
    return replace(
        _with_range(factor, low, high),
        priors=", ".join(test.priors()),
        prior="cauchy",
        multiplied=(MULTIPLIED[0], MULTIPLIED[-1]),
        note="" if factor.reason else _note(low, high),
    )


def _by_priors_of_fit(fit: Fit, reduction: Reduction) -> BayesFactor:
    larger, smaller = log_marginals(fit, [fit.design.written, reduction.formula])
    names = _names(fit, reduction)
    factor = compare(names[0], larger, names[1], smaller)
    model = reduced_model(fit, reduction.formula)
    low, high = (np.nan, np.nan) if factor.reason else evidence_range(fit, model, larger, smaller)
    return replace(
        _with_range(factor, low, high),
        priors=", ".join(f"{name} ~ {fit.priors[name]}" for name in model.tested),
        note="" if factor.reason else _note(low, high, of_coefficients=not tested_sds(fit, model)),
    )


def _names(fit: Fit, reduction: Reduction) -> tuple[str, str]:
    return joined(fit.formulas), joined((reduction.formula.text, *fit.formulas[1:]))


def _with_range(factor: BayesFactor, low: float, high: float) -> BayesFactor:
    return replace(factor, low=low, high=high, label=factor.label if isnan(low) else verbal_range(low, high))


def _note(low: float, high: float, *, of_coefficients: bool = False) -> str:
    if isnan(low):
        return "Over other prior scales: bm.prior_sensitivity(fit, drop=...) has those that the draws reach."
    if of_coefficients and low < 0:
        return (
            "Note: the evidence against coefficients grows with the scale of their prior without bound (Lindley's "
            "paradox): give the size of the effects that you expect (priors=), and report the range."
        )
    return "Note: the scale of the prior decides the sign; report the range." if low < 0 < high else ""
