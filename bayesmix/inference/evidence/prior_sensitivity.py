"""How much does the evidence for a term depend on the scale of its prior?"""

from collections.abc import Sequence
from math import log

import numpy as np
import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.evidence.evidence_cache import log_marginals
from bayesmix.inference.evidence.scale_curve import curve
from bayesmix.inference.evidence.tested_term import reduction_named
from bayesmix.inference.shared.arguments import positive_numbers
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

MULTIPLIERS = tuple(float(value) for value in np.logspace(-1, 1, 13))


@with_hints
@readable
def prior_sensitivity(fit: Fit, drop: str, *, multipliers: Sequence[float] = MULTIPLIERS) -> pd.DataFrame:
    """The Bayes factor for a term as the scale of its priors changes: of its standard deviations, or its coefficients.

    Parameters
    ----------
    fit
        A fit; where it has no closed form, by nutpie.
    drop
        A random term or a part of one, as `rand` prints it, or a term of the fixed part.
    multipliers
        Positive numbers that the scales of the tested priors are multiplied by; by default 13 from 0.1 to 10.

    Returns
    -------
    pandas.DataFrame
        Indexed by `multiplier`: `prior` of the first tested parameter, `log10_bf`, its `mcse`, and
        `probability` of the term with prior odds 1:1. nan where no number can be trusted, with the `reason`.

    Raises
    ------
    UnknownTermError, ArgumentError, PriorError
        As `bayes_factor`.

    Notes
    -----
    For Gaussian models quadrature is repeated with every prior, the values of importance sampling are weighted anew,
    and drawn anew only where that does not reach. Of other models the posterior's draws are weighted by the ratio of
    the priors; where a prior holds few of them, values are drawn anew for counts with one random intercept, and other
    models have no number: fit with that prior.

    The evidence against a coefficient grows with the scale of its prior without bound (Lindley's paradox): a prior that
    was made to be vague decides such a test, and a curve that falls through 0 says that the data do not.
    """
    fit = a_posterior(fit, question="prior_sensitivity")
    factors = positive_numbers(multipliers, argument="multipliers")
    reduction = reduction_named(fit, drop)
    smaller = reduced_model(fit, reduction.formula)
    of_larger, of_smaller = log_marginals(fit, [fit.design.formula, reduction.formula])
    found = curve(fit, smaller, list(factors), of_larger=of_larger, of_smaller=of_smaller)
    log_bf = np.clip(found.log10_bf * log(10), -700, 700)
    return pd.DataFrame(
        {
            "prior": found.priors,
            "log10_bf": found.log10_bf,
            "mcse": found.errors,
            "probability": 1 / (1 + np.exp(-log_bf)),
            "reason": found.reasons,
        },
        index=pd.Index(factors, name="multiplier"),
    )
