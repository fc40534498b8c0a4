"""Is a standard deviation too small to matter?"""

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.inference.shared.arguments import a_positive_number, one_of
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, standard_deviations
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.summarise import error_of_share
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.default_priors import column_sds
from bayesmix.priors.density import prior_probability_of_ratio_below

PER = ("unit", "sd")


@table
def equivalence(fit: Fit, *, delta: float = 0.1, per: str = "unit") -> pd.DataFrame:
    """Probability that a group standard deviation is practically 0: smaller than `delta` residual ones.

    This is no test of a point but the posterior probability of the region sd < delta sigma, beside its probability
    under the priors. Each sd of correlated effects is judged by itself, whatever the others are.

    Parameters
    ----------
    fit
        A fitted model with a residual standard deviation in the unit of the linear predictor.
    delta
        The sd that is too small to matter, in residual standard deviations; > 0.
    per
        ``"unit"``: the sd of the effect of one unit of a slope's column. ``"sd"``: the sd of the effect of one sd of
        the column, which does not depend on its unit; intercepts and 0/1 columns stay as they are.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter`, a group sd a row: posterior `probability` with its Monte Carlo error `mcse`; `prior`,
        the prior probability; `odds_ratio`, posterior odds over prior odds, > 1 if the data speak for the region, nan
        if the priors exclude the region or everything else.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, the family has no `sigma` in the unit of the linear predictor, `delta` is not positive,
        or `per` is not known.
    """
    if "sigma" not in constant_parameters(fit):
        raise ArgumentError(f"The model has no single residual sd to compare with (family {fit.family}).")
    column_sd = column_sds(fit.design, fit.family)
    if not column_sd and fit.design.random:
        raise ArgumentError(f"Family {fit.family} has no residual sd in the unit of its group effects to compare with.")
    delta = a_positive_number(delta, argument="delta", meaning="a positive number of residual sds, such as 0.1")
    per = one_of(per, PER, argument="per")
    columns, rows = ["probability", "mcse", "prior", "odds_ratio"], {}
    for term in fit.design.random:
        for name, draws in zip(sd_names(term), standard_deviations(fit, term), strict=True):
            bound = delta / column_sd[name] if per == "sd" else delta
            inside = (draws < bound * auxiliary(fit, "sigma")).astype(float)
            share = float(inside.mean())
            before = prior_probability_of_ratio_below(fit.priors[name], fit.priors["sigma"], bound)
            with np.errstate(divide="ignore", invalid="ignore"):  # odds of 0 and of 1
                odds = np.divide(share, 1 - share) / np.divide(before, 1 - before)
            rows[name] = (share, error_of_share(fit, inside), before, float(odds))
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")
