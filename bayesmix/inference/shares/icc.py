"""How alike are rows of one group?"""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.inference.shared.arguments import groups_of, one_of, probability
from bayesmix.inference.shared.question import table
from bayesmix.inference.shares.parts import one_group_of, variance_parts
from bayesmix.inference.shares.summary import share_table
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit
from bayesmix.numerics.row_distribution.latent_variance import APPROXIMATIONS

ALL = "(all)"


@table
def icc(
    fit: Fit | RemlFit | LaplaceFit, group: str | None = None, *, prob: float = 0.95, approximation: str = "lognormal"
) -> pd.DataFrame:
    """Intraclass correlations: the share of the variance that is between the levels of a group.

    Parameters
    ----------
    fit
        A fitted mixed model.
    group
        One grouping factor alone; by default each, and if there are several, all together.
    prob
        Probability of the interval (posterior).
    approximation
        Of the variance of log counts (Poisson, negative binomial) and of gamma responses: ``"lognormal"`` or
        ``"trigamma"``.

    Returns
    -------
    pandas.DataFrame
        Indexed by `group` (``"(all)"``: all groups together) and `kind`. ``"adjusted"``: variance of the group over the
        sum of those of all groups and the residual; ``"conditional"``: over the sum with the fixed part, too.
        Posterior: `mean`, `median`, `sd`, `lower`, `upper` (equal-tailed interval of probability `prob`), `ess_bulk`.
        REML and Laplace: `estimate`.

    Raises
    ------
    UnknownTermError
        `group` is no grouping factor of the model.
    ArgumentError
        The family has no variance on the scale of its linear predictor; the fit has not converged; `prob` or
        `approximation` is wrong; or each row is a level of `group`.

    Notes
    -----
    All variances are on the scale of the linear predictor. The residual one is that of sigma for Gaussian models (with
    weights, or with a formula for sigma, averaged over the rows); pi^2/3, 1 and pi^2/6 for logit, probit and cloglog;
    log(1 + 1/mean) or trigamma(mean) for Poisson counts, with the model's expected count averaged over rows and groups
    as mean, and with 1/mean + 1/shape for negative binomial ones. R's performance and MuMIn take the mean from another
    fit, of the model without its predictors: with predictors their numbers differ a little.

    A group with random slopes has a variance that differs from row to row: it is averaged over the rows. A group with a
    level for each row (overdispersion) is part of the residual. Two rows of a nested group share its effects and those
    of the groups around it: add their rows up.

    References
    ----------
    Nakagawa, Johnson & Schielzeth (2017), doi:10.1098/rsif.2017.0213; Johnson (2014), doi:10.1111/2041-210X.12225

    Examples
    --------
    >>> float(bm.icc(fit).loc[("Subject", "adjusted"), "mean"].round(1))
    0.7
    """
    approximation = one_of(approximation, APPROXIMATIONS, argument="approximation")
    prob = probability(prob)
    groups_of(fit.design, group)
    parts = variance_parts(fit, question="icc", approximation=approximation)
    rows: dict[tuple[str, str], Floats] = {}
    for name in one_group_of(parts, group):
        rows |= _shares(name, parts.sum_of("groups", group=name), parts.total, parts.sum_of("fixed"))
    if group is None and len(rows) > 2:
        rows |= _shares(ALL, parts.sum_of("groups"), parts.total, parts.sum_of("fixed"))
    index = pd.MultiIndex.from_tuples(rows, names=["group", "kind"])
    values = np.array(list(rows.values())).reshape(len(rows), parts.values.shape[1])
    return share_table(fit, values, prob).set_axis(index)


def _shares(name: str, of_group: Floats, total: Floats, of_fixed: Floats) -> dict[tuple[str, str], Floats]:
    return {(name, "adjusted"): of_group / (total - of_fixed), (name, "conditional"): of_group / total}
