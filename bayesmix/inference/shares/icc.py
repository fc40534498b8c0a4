"""How alike are rows of one group?"""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, shown
from bayesmix.inference.shared.arguments import groups_of, one_of, probability
from bayesmix.inference.shared.question import table
from bayesmix.inference.shares.parts import one_group_of, variance_parts
from bayesmix.inference.shares.response_scale import ALL as WHOLE
from bayesmix.inference.shares.response_scale import response_variance
from bayesmix.inference.shares.summary import share_table
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit
from bayesmix.numerics.row_distribution.latent_variance import APPROXIMATIONS

ALL = "(all)"
SCALES = ("latent", "response")


@table
def icc(
    fit: Fit | RemlFit | LaplaceFit,
    group: str | None = None,
    *,
    scale: str = "latent",
    prob: float = 0.95,
    approximation: str = "lognormal",
) -> pd.DataFrame:
    """Intraclass correlations: the share of the variance that is between the levels of a group.

    Parameters
    ----------
    fit
        A fitted mixed model.
    group
        One grouping factor alone; by default each, and if there are several, all together.
    scale
        ``"latent"``: of the linear predictor. ``"response"``: of the response, for posteriors of every family with a
        mean, and Laplace fits.
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
        The family has no variance on the scale of its linear predictor; on that of the response groups have effects on
        further parameters, too; the fit has not converged; `scale`, `prob` or `approximation` is wrong; or each row is
        a level of `group`.

    Notes
    -----
    On the scale of the linear predictor the residual one is that of sigma for Gaussian models (with
    weights, or with a formula for sigma, averaged over the rows); pi^2/3, 1 and pi^2/6 for logit, probit and cloglog;
    log(1 + 1/mean) or trigamma(mean) for Poisson counts, with the model's expected count averaged over rows and groups
    as mean, and with 1/mean + 1/shape for negative binomial ones. R's performance and MuMIn take the mean from another
    fit, of the model without its predictors: with predictors their numbers differ a little.

    A group with random slopes has a variance that differs from row to row: it is averaged over the rows. A group with a
    level for each row (overdispersion) is part of the residual. Two rows of a nested group share its effects and those
    of the groups around it: add their rows up.

    On the scale of the response a group's variance is that of the expected response over its levels, averaged over all
    other effects, and the total is that of responses of one row over all groups; both are averages over the rows of the
    data, and of counts out of trials of the proportion. This is the intraclass correlation that simulated responses
    have, in the limit of many simulations (Goldstein, Browne & Rasbash 2002; Nakagawa & Schielzeth 2010, for binary
    data and counts); effects are integrated over by quadrature in place of draws. It depends on the mean: where
    proportions are near 0 or 1 it is far below the latent one.

    References
    ----------
    Nakagawa, Johnson & Schielzeth (2017), doi:10.1098/rsif.2017.0213; Johnson (2014), doi:10.1111/2041-210X.12225;
    Goldstein, Browne & Rasbash (2002), doi:10.1207/S15328031US0104_02; Nakagawa & Schielzeth (2010),
    doi:10.1111/j.1469-185X.2010.00141.x

    Examples
    --------
    >>> float(bm.icc(fit).loc[("Subject", "adjusted"), "mean"].round(1))
    0.7
    """
    approximation = one_of(approximation, APPROXIMATIONS, argument="approximation")
    prob = probability(prob)
    groups_of(fit.design, group)
    if one_of(scale, SCALES, argument="scale") == "response":
        return _of_response(fit, group, prob)
    parts = variance_parts(fit, question="icc", approximation=approximation)
    rows: dict[tuple[str, str], Floats] = {}
    for name in one_group_of(parts, group):
        rows |= _shares(name, parts.sum_of("groups", group=name), parts.total, parts.sum_of("fixed"))
    if group is None and len(rows) > 2:
        rows |= _shares(ALL, parts.sum_of("groups"), parts.total, parts.sum_of("fixed"))
    return _table(fit, rows, prob, parts.values.shape[1])


def _of_response(fit: Fit | RemlFit | LaplaceFit, group: str | None, prob: float) -> pd.DataFrame:
    found = response_variance(fit)
    names = [name for name in found.groups if name != WHOLE]
    if group is not None and group not in names:
        raise ArgumentError(f"{shown(group)} has a level for each row, whose variance is the rows' own.")
    rows: dict[tuple[str, str], Floats] = {}
    for name in names if group is None else [group]:
        rows |= _shares(name, found.groups[name], found.total + found.fixed, found.fixed)
    if group is None and len(names) > 1:
        rows |= _shares(ALL, found.groups[WHOLE], found.total + found.fixed, found.fixed)
    return _table(fit, rows, prob, np.size(found.total))


def _table(
    fit: Fit | RemlFit | LaplaceFit, rows: dict[tuple[str, str], Floats], prob: float, n_draws: int
) -> pd.DataFrame:
    """The shares `rows`, each (n_draws,); none of a fit without groups."""
    index = pd.MultiIndex.from_tuples(rows, names=["group", "kind"])
    values = np.array(list(rows.values())).reshape(len(rows), n_draws)
    return share_table(fit, values, prob).set_axis(index)


def _shares(name: str, of_group: Floats, total: Floats, of_fixed: Floats) -> dict[tuple[str, str], Floats]:
    return {(name, "adjusted"): of_group / (total - of_fixed), (name, "conditional"): of_group / total}
