"""The log marginal likelihood of a model without a closed form under other priors of its group sds or coefficients.

With p the prior of the fit and q another one, m_q / m_p is the posterior mean of q(x) / p(x): the draws are there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayesmix.modelling.samplers.log_marginal import LogMarginal, without_number
from bayesmix.numerics.monte_carlo import mean_ratio
from bayesmix.posterior.layout import fixed_draws
from bayesmix.priors.density import log_prior_density
from bayesmix.priors.prior import Prior

if TYPE_CHECKING:
    from bayesmix.modelling.record import Fit


def with_other_priors(fit: "Fit", own: LogMarginal, priors: Mapping[str, Prior]) -> LogMarginal:
    """Reweights the draws of `fit`, whose own is `own`; no number where they do not cover the other priors."""
    changed = [name for name in priors if priors[name] != fit.priors[name]]
    if own.reason or not changed:
        return own
    draws = fit.posterior["posterior"].to_dataset()
    of_sigma = any(fit.priors[name].of_sigma for name in changed)
    sigma = draws["sigma"].transpose("chain", "draw").to_numpy() if of_sigma else 1.0
    coefficients = {
        name: values
        for predictor in fit.design.predictors
        for name, values in zip(predictor.fixed.names, np.moveaxis(fixed_draws(draws, predictor), -1, 0), strict=True)
        if name in changed
    }
    log_ratios = np.zeros((draws.sizes["chain"], draws.sizes["draw"]))
    for name in changed:
        values = coefficients[name] if name in coefficients else draws[name].transpose("chain", "draw").to_numpy()
        log_ratios += log_prior_density(priors[name], values, sigma=sigma)
        log_ratios -= log_prior_density(fit.priors[name], values, sigma=sigma)
    found = mean_ratio(log_ratios)
    if found.reason:
        reason = f"{found.reason}. Fit with this prior (priors=)."
        return without_number(own.method, reason)
    return LogMarginal(own.value + found.log_mean, float(np.hypot(own.error, found.error)), own.method)
