"""The log marginal likelihood of counts with at most one random intercept: the mean of importance weights.

The group effects are integrated out by quadrature, the few parameters that are left by importance sampling.
"""

from collections.abc import Mapping

from bayesmix.formula.design import Design
from bayesmix.modelling.exact.importance import Importance, importance_of
from bayesmix.modelling.exact.log_marginal import N_VALUES, LogMarginal, from_weights
from bayesmix.modelling.families import Family
from bayesmix.modelling.priors import Prior
from bayesmix.modelling.quadrature.draws import fine_enough
from bayesmix.modelling.quadrature.importance import draw_by_importance
from bayesmix.modelling.quadrature.model import integrate_effects


def seconds_anew(design: Design, family: Family, priors: Mapping[str, Prior]) -> float:
    """What `log_marginal_of_counts` takes without weights on one core, roughly."""
    return N_VALUES * integrate_effects(design, family, priors).seconds_per_value()


def log_marginal_of_counts(
    design: Design,
    family: Family,
    priors: Mapping[str, Prior],
    *,
    seed: int,
    cores: int,
    weights: Importance | None = None,
) -> LogMarginal:
    """Of a model that `quadrature_families.why_not_quadrature` says nothing against; no number where weights fail.

    Parameters
    ----------
    weights
        Of a fit of this very model; when they can be trusted they are the answer.
    """
    if weights is not None and from_weights(weights).reliable:
        return from_weights(weights)
    model = integrate_effects(design, family, priors)
    fineness, mode = next(fine_enough(model))
    _, groups = draw_by_importance(
        model,
        mode,
        fineness=fineness,
        n_values=N_VALUES,
        n_total=1,
        chains=1,
        seed=seed,
        cores=cores,
        advance=None,
    )
    return from_weights(importance_of(groups["importance"]["log_weight"].to_numpy()))
