"""The log marginal likelihood of counts with at most one random intercept: the mean of importance weights.

The group effects are integrated out by quadrature, the few parameters that are left by importance sampling.
"""

from collections.abc import Mapping

from bayesmix.families.family import Family
from bayesmix.formula.design import Design
from bayesmix.modelling.quadrature.integrated import integrated_counts
from bayesmix.modelling.samplers.evidence import by_importance
from bayesmix.modelling.samplers.log_marginal import LogMarginal, from_weights
from bayesmix.modelling.samplers.weights import Importance
from bayesmix.priors.prior import Prior


def log_marginal_of_counts(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    seed: int,
    cores: int,
    weights: Importance | None = None,
) -> LogMarginal:
    """Of a model that `why_not_quadrature` says nothing against; no number where weights fail.

    Parameters
    ----------
    weights
        Of a fit of this very model; when they can be trusted they are the answer.
    """
    if weights is not None and from_weights(weights).reliable:
        return from_weights(weights)
    return by_importance(integrated_counts(design, family, priors), seed=seed, cores=cores)
