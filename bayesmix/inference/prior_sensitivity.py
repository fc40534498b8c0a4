"""How much does the evidence for a random term depend on the scale of its prior?"""

from collections.abc import Sequence
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmix import modelling
from bayesmix.errors import ArgumentError
from bayesmix.inference.bayes_factor import reduction_named, require_usable_at_zero
from bayesmix.inference.log_marginal import require_closed_form
from bayesmix.modelling.priors import scaled
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

Floats = NDArray[np.float64]

MULTIPLIERS = tuple(float(value) for value in np.logspace(-1, 1, 13))


def prior_sensitivity(fit: Fit, *, drop: str, multipliers: Sequence[float] = MULTIPLIERS) -> pd.DataFrame:
    """The Bayes factor for a random term as the prior scale of its standard deviations changes.

    Parameters
    ----------
    fit
        A Gaussian model with identity link.
    drop
        A random term or a part of one, as `rand` prints it.
    multipliers
        Positive numbers that the scales of the tested priors are multiplied by; by default 13 from 0.1 to 10.

    Returns
    -------
    pandas.DataFrame
        Indexed by `multiplier`: `prior` of the first tested standard deviation, `log10_bf`, its `mcse`, and
        `probability` of the term at even odds. nan where no number can be trusted.

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `bayes_factor`; or `drop` tests no standard deviation.

    Notes
    -----
    Nothing is sampled again: quadrature is repeated with every prior, the values of importance sampling are weighted
    anew, and drawn anew only where that does not reach.
    """
    require_closed_form(fit)
    smaller = reduced_model(fit, reduction_named(fit, drop).formula)
    tested = [name for name in smaller.tested if name.startswith("sd_")]
    if not tested:
        raise ArgumentError(f"{drop!r} tests no standard deviation; prior_sensitivity is for random terms.")
    for name in tested:
        require_usable_at_zero(fit, name)
    factors = np.array([float(value) for value in multipliers])
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise ArgumentError(f"multipliers are positive numbers; got {list(multipliers)}.")
    without = modelling.log_marginal.log_marginal_of(
        smaller.design, smaller.priors, seed=fit.sampling.seed, cores=fit.sampling.cores
    )
    priors = [fit.priors | {name: scaled(fit.priors[name], factor) for name in tested} for factor in factors]
    found = [modelling.log_marginal.with_other_priors(fit, other) for other in priors]
    log_bf = np.array([one.value for one in found]) - without.value
    errors = np.hypot([one.error for one in found], without.error)
    return pd.DataFrame(
        {
            "prior": [str(other[tested[0]]) for other in priors],
            "log10_bf": log_bf / log(10),
            "mcse": errors / log(10),
            "probability": 1 / (1 + np.exp(-np.clip(log_bf, -700, 700))),
        },
        index=pd.Index(factors, name="multiplier"),
    )
