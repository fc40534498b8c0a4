"""What are the coefficients of each level: fixed part and group effect together?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import groups_of, probability
from bayesmix.inference.posterior import coef as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import coef as of_reml
from bayesmix.modelling.kinds import MIXED, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def coef(fit: Fit | RemlFit | LaplaceFit, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
    """Coefficients of each level, as lme4's `coef` in long form: fixed coefficient plus group effect.

    Every fixed coefficient appears for every level. Effects of the group's random terms are added to the
    coefficient of the same name, draw by draw in a posterior; a column without a fixed coefficient counts from 0.
    The effects of other groups are left out.

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
        One row per group, level and coefficient, in this order: `group`, `level`, `term`. Posterior: `mean` and
        `sd`, `lower` and `upper` (equal-tailed interval of probability `prob`). REML and Laplace:
        `estimate`. Link scale.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        `prob` is not between 0 and 1.

    Notes
    -----
    Names are all that is matched, as in lme4: with ``f + (0 + f | g)`` the fixed ``f[b]`` is a difference from
    the first level while the random one is a level's own effect, and their sum means nothing.
    """
    refuse_other_kinds(fit, question="coef", kinds=MIXED)
    prob, groups = probability(prob), groups_of(fit.design, group)
    if isinstance(fit, RemlFit | LaplaceFit):
        return of_reml.coef(fit, groups)
    return of_posterior.coef(fit, groups, prob=prob)
