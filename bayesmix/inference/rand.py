"""Which of the random terms are there?"""

import pandas as pd

from bayesmix.inference.kinds import refuse_other_kinds
from bayesmix.inference.posterior import rand as of_posterior
from bayesmix.inference.reml import rand as of_reml
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


def rand(fit: Fit | RemlFit) -> pd.DataFrame:
    """A test of each random term: the fitted model against the same without it; a slope before its intercept.

    Parameters
    ----------
    fit
        A Gaussian model with identity link, by `bm.fit` or `bm.reml`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, named as lmerTest names it. `dropped`: what became of the term.

        Of a posterior: `log10_bf`, log10 of the Bayes factor, > 0 for the term; `mcse`, its Monte Carlo standard
        error; `probability` of the term at even odds; `label` in words (Kass & Raftery 1995); `method`; `prior` of
        what is tested; `p` and `p_boundary` of the likelihood-ratio test by REML, for comparison; `reliable`, and if
        not the `reason`, with nan for the number.

        Of a REML fit lmerTest's table, the model itself first: `npar`, `loglik`, `aic`, `lrt`, `df`, `p` of the
        chi-square, and `p_boundary`, of the even mixture of chi-squares that holds for a variance of 0.

    Raises
    ------
    ArgumentError, PriorError
        As `bayes_factor`.

    Notes
    -----
    ``(0 + x | g)`` is dropped; lmerTest makes it ``(1 | g)``, which is no simpler model.
    """
    refuse_other_kinds(fit, question="rand")
    return of_reml.rand(fit) if isinstance(fit, RemlFit) else of_posterior.rand(fit)
