"""Which of the random terms are there?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.laplace import rand as of_laplace
from bayesmix.inference.posterior import rand as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import rand as of_reml
from bayesmix.modelling.kinds import MIXED, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def rand(fit: Fit | RemlFit | LaplaceFit) -> pd.DataFrame:
    """A test of each random term: the fitted model against the same without it; a slope before its intercept.

    Parameters
    ----------
    fit
        By `bm.fit` (a model without a closed form by nutpie: its marginal likelihoods come by bridge sampling),
        `bm.reml` or `bm.laplace`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, named as lmerTest names it. `dropped`: what became of the term.

        Of a posterior: `log10_bf`, log10 of the Bayes factor, > 0 for the term; `mcse`, its Monte Carlo standard
        error; `low` and `high`, its range as the scales of the tested sds' priors go from 0.1 to 10 times what they
        are (nan where the draws do not reach them); `probability` of the term with prior odds 1:1; `label` in words
        (Kass & Raftery 1995), at both ends of the range where they differ; `method`; `prior` of what is tested; `p` and
        `p_boundary` of the likelihood-ratio test by REML, for counts by Laplace's fit; `reliable`, and if not the
        `reason`, with nan for the number. It prints as a page of few columns.

        Of a REML fit lmerTest's table, the model itself first: `npar`, `loglik`, `aic`, `lrt`, `df`, `p` of the
        chi-square, and `p_boundary`, of the even mixture of chi-squares that holds for a variance of 0.
        Of a Laplace fit the same, and `reason` where a smaller model has no maximum and so no numbers.

    Raises
    ------
    ArgumentError, PriorError
        As `bayes_factor`; a Laplace fit that has no maximum itself.

    Notes
    -----
    ``(0 + x | g)`` is dropped; lmerTest makes it ``(1 | g)``, which is no simpler model. Of ``(a * b | g)`` the
    interaction alone is tested, as in lmerTest.
    """
    refuse_other_kinds(fit, question="rand", kinds=MIXED)
    if isinstance(fit, LaplaceFit):
        return of_laplace.rand(fit)
    return of_reml.rand(fit) if isinstance(fit, RemlFit) else of_posterior.rand(fit)
