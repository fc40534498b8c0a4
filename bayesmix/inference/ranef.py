"""How far is each level of a group from the whole?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import groups_of, probability
from bayesmix.inference.laplace import ranef as of_laplace
from bayesmix.inference.posterior import ranef as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import ranef as of_reml
from bayesmix.modelling.kinds import MIXED, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def ranef(fit: Fit | RemlFit | LaplaceFit, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
    """Group effects, as lme4's `ranef` in long form.

    Parameters
    ----------
    fit
        A fitted model.
    group
        One grouping factor alone; all by default.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        One row per random term, level and column, in this order: `group`, `level`, `term`. Posterior: `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). REML and Laplace: `estimate`, the
        conditional mode (BLUP), and its `sd` given the data with theta, sigma and the coefficients at their estimates,
        as lme4's `condVar`. Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.
    """
    refuse_other_kinds(fit, question="ranef", kinds=MIXED)
    prob, groups = probability(prob), groups_of(fit.design, group)
    if isinstance(fit, RemlFit):
        return of_reml.ranef(fit, groups)
    if isinstance(fit, LaplaceFit):
        return of_laplace.ranef(fit, groups)
    return of_posterior.ranef(fit, groups, prob=prob)
