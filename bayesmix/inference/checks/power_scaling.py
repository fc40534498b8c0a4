"""Do the results follow the priors or the data?"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.formula.design import GroupTerm
from bayesmix.hints import with_hints
from bayesmix.inference.checks.log_prior import log_priors
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods, rows_by_level
from bayesmix.inference.prediction.log_likelihood import log_likelihood_in_parts
from bayesmix.inference.shared.arguments import all_of
from bayesmix.inference.shared.draws import n_draws_of, posterior_of
from bayesmix.inference.shared.readable_table import readable
from bayesmix.inference.shared.row_model import spread_draws
from bayesmix.modelling import diagnostics, power_scaling
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

LIMIT = 0.05
"""Sensitivity from which a posterior moves noticeably; Kallioinen et al. (2024)."""

CONFLICT, WEAK = "prior-data conflict", "weak likelihood"

_MOST_VALUES, _MOST_BY_QUADRATURE = 4 * 10**7, 2 * 10**6  # rows times draws
_FEWEST_DRAWS, _MOST_DRAWS = 500, 2000
_MOST_PARAMETERS = 60


@with_hints
@readable
def sensitivity(fit: Fit, priors: str | Iterable[str] | None = None) -> pd.DataFrame:
    """How much each reported parameter moves when its prior, or the likelihood, is made stronger or weaker.

    Power scaling: the posterior is weighted as if the density of the priors, or that of the data, had been raised to
    a power near 1. Nothing is sampled again.

    Parameters
    ----------
    fit
        A fitted model.
    priors
        Names of parameters whose priors are scaled together; all by default.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter` (coefficients, thresholds, sds, correlations, the family's further parameters): `prior`
        and `likelihood`, the rate at which the marginal posterior moves (cumulative Jensen-Shannon distance by log2 of
        the power); `verdict`: ``"prior-data conflict"`` where both are 0.05 or more, ``"weak likelihood"`` where the
        prior's alone is, else empty; `by`: there, the one prior that moves it most.

    Raises
    ------
    ArgumentError
        A name in `priors` is no parameter with a prior.

    Notes
    -----
    The likelihood that is scaled has the effects of the largest grouping factor, and of what is nested in it or around
    it, integrated out (closed form or quadrature), those of crossed smaller factors given; the distribution of the
    group effects is part of the likelihood, not of the priors. With a formula for a further parameter that has group
    effects, all effects are given. A sd near 0, a correlation or a coefficient of separated data is
    often sensitive to its prior: that is no fault, but should be said. A prior that was meant to be informative is
    expected to show here. Some 500 to 2000
    draws are taken, evenly spread.

    References
    ----------
    Kallioinen, Paananen, Buerkner & Vehtari (2024), doi:10.1007/s11222-023-10366-5
    """
    fit = a_posterior(fit, question="sensitivity")
    draws = spread_draws(n_draws_of(fit), _n_draws(fit))
    densities = {name: values[draws] for name, values in log_priors(fit).items()}
    chosen = tuple(densities) if priors is None else all_of(priors, tuple(densities), argument="priors")
    parameters = parameter_draws(fit, draws)
    table = _to_priors(parameters, {name: densities[name] for name in chosen})
    likelihood = power_scaling.power_scaling_sensitivity(parameters, _log_likelihood(fit, draws))
    high = table["prior"] >= LIMIT
    verdict = np.where(high & (likelihood >= LIMIT), CONFLICT, np.where(high, WEAK, ""))
    return table.assign(likelihood=likelihood, verdict=verdict)[["prior", "likelihood", "verdict", "by"]]


def sensitivity_to_priors(fit: Fit) -> pd.DataFrame:
    """Columns `prior` and `by` of `sensitivity` alone, which take some hundredths of a second for any model.

    Of a model with more coefficients than can be looked at in that time, its other parameters.
    """
    draws = spread_draws(n_draws_of(fit), _n_draws(fit))
    densities = {name: values[draws] for name, values in log_priors(fit).items()}
    if not all(np.isfinite(values).all() for values in densities.values()):
        return pd.DataFrame({"prior": [], "by": []}, index=pd.Index([], name="parameter"))
    parameters = parameter_draws(fit, draws)
    if len(parameters) > _MOST_PARAMETERS:
        coefficients = {name for predictor in fit.design.predictors for name in predictor.fixed.names}
        parameters = {name: values for name, values in parameters.items() if name not in coefficients}
        densities = {name: values for name, values in densities.items() if name not in coefficients}
    return _to_priors(parameters, densities)


def _to_priors(parameters: dict[str, Floats], densities: dict[str, Floats]) -> pd.DataFrame:
    """How much each parameter moves with all priors together, and the one prior that moves it most where it does."""
    scaled = power_scaling.power_scaling_sensitivity
    together = np.sum(list(densities.values()), axis=0) if densities else np.zeros(1)
    index = pd.Index(parameters, name="parameter", dtype=object)
    table = pd.DataFrame({"prior": scaled(parameters, together), "by": ""}, index=index)
    high = table["prior"] >= LIMIT
    if high.any():
        flagged = {name: parameters[name] for name in table.index[high]}
        alone = pd.DataFrame({name: scaled(flagged, own) for name, own in densities.items()}, index=list(flagged))
        table.loc[high, "by"] = alone.fillna(0.0).idxmax(axis=1)
    return table


def _n_draws(fit: Fit) -> int:
    most = _MOST_VALUES if _is_cheap(fit) else _MOST_BY_QUADRATURE
    return int(np.clip(most // fit.design.n_obs, _FEWEST_DRAWS, _MOST_DRAWS))


def _is_cheap(fit: Fit) -> bool:
    closed = fit.family.is_gaussian_identity and fit.design.response.censoring is None
    return closed or not fit.design.random


def _log_likelihood(fit: Fit, draws: Positions) -> Floats:
    """Of all rows in each draw, (n_draws,), the effects of the largest grouping factor integrated out.

    Given its effects the data would say next to nothing of the population's mean: the effects would.
    """
    if not fit.design.random or any(part.random for part in fit.design.parts.values()):
        return np.sum([part.sum(axis=0) for _, part in log_likelihood_in_parts(fit, draws)], axis=0)
    largest = max(fit.design.random, key=lambda term: term.n_levels)
    outermost = _around(fit, largest)
    of_rows = group_log_likelihoods(fit, outermost.index, draws)
    return np.sum([of_rows(rows) for rows in rows_by_level(outermost.index, outermost.n_levels)], axis=0)


def _around(fit: Fit, term: GroupTerm) -> GroupTerm:
    """The coarsest factor that every level of `term` lies in one level of; the term itself where there is none."""
    around = [
        other
        for other in fit.design.random
        if len(np.unique(np.stack([term.index, other.index]), axis=1).T) == term.n_levels
    ]
    return min(around, key=lambda other: other.n_levels)


def parameter_draws(fit: Fit, draws: Positions | slice = slice(None)) -> dict[str, Floats]:
    """Draws (n_draws,) of what the tables report, by name; constant ones are left out."""
    blocks = diagnostics.parameter_blocks(posterior_of(fit), fit.design, fit.family.auxiliary)
    found: dict[str, Floats] = {}
    for names, _, values in blocks:
        found |= {name: own.reshape(-1)[draws] for name, own in zip(names, values, strict=True)}
    return {name: values for name, values in found.items() if np.isfinite(values).all() and np.ptp(values) > 0}
