"""How probable were the data under the model, before they were seen?

`rand`, `bayes_factor`, `inclusion` and `prior_sensitivity` ask for the same smaller models, and one without a closed
form is sampled for seconds: log marginal likelihoods are kept for as long as the fit lives.
"""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from bayesmix.errors import PriorError, listing
from bayesmix.formula.terms import Formula
from bayesmix.inference.evidence.tested_term import require_usable_at_zero
from bayesmix.inference.shared.question import question
from bayesmix.modelling.evidence import log_marginal_of_fit, of_smaller_models
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.priors.prior import FLAT

ModelKey = tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]

_KEPT: "WeakKeyDictionary[Fit, dict[ModelKey, LogMarginal]]" = WeakKeyDictionary()


@question
def log_marginal(fit: Fit) -> LogMarginal:
    """Log marginal likelihood of a fitted model: all parameters integrated out under their priors.

    Parameters
    ----------
    fit
        A Gaussian model with identity link and Normal priors on the coefficients, or counts with at most one random
        intercept, whichever way it was sampled; any other one sampled by nutpie.

    Returns
    -------
    LogMarginal
        value : float, natural logarithm; nan if it cannot be trusted, with the `reason`
        error : float, Monte Carlo standard error; for quadrature the estimated error, near 0
        method : str, ``"quadrature"`` for one or two variance parameters, ``"importance"`` for more and for counts with
        one random intercept, ``"bridge"`` if its weights cannot be trusted and for other models

    Raises
    ------
    PriorError
        A coefficient has a flat prior.
    ArgumentError
        `fit` is no posterior; or the model has no closed form, and the fit does not hold the draws that bridge sampling
        needs.

    References
    ----------
    Geweke (1989), doi:10.2307/1913710; Meng & Schilling (2002), doi:10.1198/106186002457
    """
    _require_proper(fit)
    return log_marginal_of_fit(fit)


def _require_proper(fit: Fit) -> None:
    """Refuse flat priors, with which a marginal likelihood is defined up to an unknown factor only."""
    flat = [name for name, prior in fit.priors.items() if not prior.distribution.proper]
    if flat:
        raise PriorError(
            f"The prior of {listing(flat)} is {FLAT}(), which is improper: a marginal likelihood, and with it a Bayes "
            "factor, is not defined. Give a proper one, such as Normal(0, 10), and fit again."
        )


def log_marginals(fit: Fit, formulas: Sequence[Formula]) -> list[LogMarginal]:
    """Log marginal likelihoods of models on the rows and with the priors of `fit`, each computed once for a fit.

    Each of `formulas` is that of `fit` or lacks some of its terms. New models are sampled several at a time.

    Raises
    ------
    ArgumentError
        As `log_marginal`.
    PriorError
        A coefficient has a flat prior and `fit` itself is among the models, or the prior of a standard deviation that a
        smaller model lacks has density 0 or infinity at 0.
    """
    kept = _KEPT.setdefault(fit, {})
    missing = {key_of(formula): formula for formula in formulas if key_of(formula) not in kept}
    whole = key_of(fit.design.written)
    if any(key_of(formula) == whole for formula in formulas):
        _require_proper(fit)
    smaller = {key: reduced_model(fit, formula) for key, formula in missing.items() if key != whole}
    for model in smaller.values():
        require_usable_at_zero(fit, model)
    if whole in missing:
        kept[whole] = log_marginal(fit)
    kept |= zip(smaller, of_smaller_models(fit, list(smaller.values())), strict=True)
    return [kept[key_of(formula)] for formula in formulas]


def key_of(formula: Formula) -> ModelKey:
    """Equal for formulas that differ only in the order of their terms."""
    fixed = tuple(sorted(tuple(sorted(term.labels)) for term in formula.fixed))
    return fixed, tuple(sorted(term.label for term in formula.random))
