"""Log marginal likelihoods of a fitted model and of models contained in it, each worked out once for a fit.

`rand`, `bayes_factor`, `inclusion` and `prior_sensitivity` ask for the same smaller models, and one without a closed
form is sampled for seconds. What was found is kept for as long as the fit lives.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bayesmix.formula.terms import Formula
from bayesmix.inference.evidence.log_marginal import log_marginal, require_proper
from bayesmix.inference.evidence.tested_term import require_usable_at_zero
from bayesmix.modelling.evidence import of_smaller_models
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

if TYPE_CHECKING:
    from bayesmix.modelling.samplers.log_marginal import LogMarginal

_FOUND: "WeakKeyDictionary[Fit, dict[ModelKey, LogMarginal]]" = WeakKeyDictionary()

ModelKey = tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]


def log_marginals(fit: Fit, formulas: Sequence[Formula]) -> "list[LogMarginal]":
    """Of models on the rows and with the priors of `fit`; those not seen before are sampled several at a time.

    Parameters
    ----------
    formulas
        That of `fit`, or such as lack some of its terms.

    Raises
    ------
    ArgumentError
        As `log_marginal`.
    PriorError
        A coefficient has a flat prior, or a standard deviation that one of the models lacks one whose density at 0 is 0
        or infinite.
    """
    require_proper(fit)
    found = _FOUND.setdefault(fit, {})
    missing = {key_of(formula): formula for formula in formulas if key_of(formula) not in found}
    own = key_of(fit.design.formula)
    smaller = {key: reduced_model(fit, formula) for key, formula in missing.items() if key != own}
    for model in smaller.values():
        require_usable_at_zero(fit, model)
    if own in missing:
        found[own] = log_marginal(fit)
    found |= zip(smaller, of_smaller_models(fit, list(smaller.values())), strict=True)
    return [found[key_of(formula)] for formula in formulas]


def key_of(formula: Formula) -> ModelKey:
    """Equal for formulas that differ in the order of their terms alone."""
    fixed = tuple(sorted(tuple(sorted(term.labels)) for term in formula.fixed))
    return fixed, tuple(sorted(term.label for term in formula.random))
