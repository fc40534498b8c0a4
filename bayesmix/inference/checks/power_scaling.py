"""Do the results follow the priors or the data?"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats, Positions
from bayesmix.inference.checks.log_prior import log_priors
from bayesmix.inference.prediction.held_out_groups import group_log_likelihoods, rows_by_level
from bayesmix.inference.prediction.log_likelihood import log_likelihood_in_parts
from bayesmix.inference.shared.arguments import all_of
from bayesmix.inference.shared.draws import n_draws_of, posterior_of
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.row_model import spread_draws
from bayesmix.inference.tables.level_coefficients import terms_around
from bayesmix.modelling import diagnostics, power_scaling
from bayesmix.modelling.record import Fit

LIMIT = 0.05
"""Sensitivity from which a posterior moves noticeably; Kallioinen et al. (2024)."""

CONFLICT, WEAK = "prior-data conflict", "weak likelihood"

_MOST_VALUES, _MOST_BY_QUADRATURE = 4 * 10**7, 2 * 10**6  # rows times draws
_FEWEST_DRAWS, _MOST_DRAWS = 500, 2000
_MOST_PARAMETERS = 60


@table
def sensitivity(fit: Fit, priors: str | Iterable[str] | None = None) -> pd.DataFrame:
    """How much each reported parameter moves if its prior, or the likelihood, is made stronger or weaker.

    Power scaling weights the posterior as if the density of the priors, or of the data, had been raised to a power
    near 1. Nothing is sampled again.

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
        the power); `verdict`: ``"prior-data conflict"`` if both are 0.05 or more, ``"weak likelihood"`` if only the
        first is, else empty; `by`: the one prior that moves the parameter most, if `prior` is 0.05 or more.

    Raises
    ------
    ArgumentError
        A name in `priors` is no parameter with a prior.

    Notes
    -----
    The scaled likelihood has the effects of the largest grouping factor, and of factors nested in it or around it,
    integrated out (closed form or quadrature), and those of crossed smaller factors given; the distribution of the
    group effects is part of the likelihood, not of the priors. If a further parameter has a formula with group effects,
    all effects are given. A sd near 0, a correlation or a coefficient of separated data is often sensitive to its
    prior: that is no fault, but should be reported. An informative prior is expected to show here. Some 500 to 2000
    draws are used, evenly spread.

    References
    ----------
    Kallioinen, Paananen, Buerkner & Vehtari (2024), doi:10.1007/s11222-023-10366-5
    """
    draws = spread_draws(n_draws_of(fit), _n_draws(fit))
    densities = {name: values[draws] for name, values in log_priors(fit).items()}
    names = tuple(densities) if priors is None else all_of(priors, tuple(densities), argument="priors")
    parameters = parameter_draws(fit, draws)
    to_priors = _to_priors(parameters, {name: densities[name] for name in names})
    likelihood = power_scaling.power_scaling_sensitivity(parameters, _log_likelihood(fit, draws))
    high = to_priors["prior"] >= LIMIT
    verdict = np.where(high & (likelihood >= LIMIT), CONFLICT, np.where(high, WEAK, ""))
    return to_priors.assign(likelihood=likelihood, verdict=verdict)[["prior", "likelihood", "verdict", "by"]]


def sensitivity_to_priors(fit: Fit) -> pd.DataFrame:
    """Columns `prior` and `by` of `sensitivity` alone, which take some hundredths of a second for any model.

    Coefficients are left out if there are too many for that time.
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
    """How much each parameter moves with all priors together; if it moves, the one prior that moves it most."""
    scaled = power_scaling.power_scaling_sensitivity
    together = np.sum(list(densities.values()), axis=0) if densities else np.zeros(1)
    index = pd.Index(parameters, name="parameter", dtype=object)
    frame = pd.DataFrame({"prior": scaled(parameters, together), "by": ""}, index=index)
    high = frame["prior"] >= LIMIT
    if high.any():
        flagged = {name: parameters[name] for name in frame.index[high]}
        alone = pd.DataFrame(
            {name: scaled(flagged, density) for name, density in densities.items()}, index=list(flagged)
        )
        frame.loc[high, "by"] = alone.fillna(0.0).idxmax(axis=1)
    return frame


def _n_draws(fit: Fit) -> int:
    closed = fit.family.is_gaussian_identity and fit.design.response.censoring is None
    without_quadrature = closed or not fit.design.random
    most = _MOST_VALUES if without_quadrature else _MOST_BY_QUADRATURE
    return int(np.clip(most // fit.design.n_obs, _FEWEST_DRAWS, _MOST_DRAWS))


def _log_likelihood(fit: Fit, draws: Positions) -> Floats:
    """Log density of all rows in each draw, (n_draws,), the effects of the largest grouping factor integrated out.

    Given those effects, the data would say next to nothing about the population's mean.
    """
    if not fit.design.random or any(part.random for part in fit.design.parts.values()):
        return np.sum([part.sum(axis=0) for _, part in log_likelihood_in_parts(fit, draws)], axis=0)
    largest = max(fit.design.random, key=lambda term: term.n_levels)
    outermost = min(terms_around(fit.design, largest.group), key=lambda term: term.n_levels)
    of_rows = group_log_likelihoods(fit, outermost.index, draws)
    return np.sum([of_rows(rows) for rows in rows_by_level(outermost.index, outermost.n_levels)], axis=0)


def parameter_draws(fit: Fit, draws: Positions | slice = slice(None)) -> dict[str, Floats]:
    """Draws (n_draws,) of the parameters in tables, by name; constant ones are left out."""
    blocks = diagnostics.parameter_blocks(posterior_of(fit), fit.design, fit.family.auxiliary)
    by_name: dict[str, Floats] = {}
    for names, _, values in blocks:
        by_name |= {name: of_parameter.reshape(-1)[draws] for name, of_parameter in zip(names, values, strict=True)}
    return {name: values for name, values in by_name.items() if np.isfinite(values).all() and np.ptp(values) > 0}
