"""Is a standard deviation too small to matter?"""

import numpy as np
import pandas as pd

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import a_positive_number, one_of
from bayesmix.inference.shared.draws import auxiliary, constant_parameters, standard_deviations
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling import convergence
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.posterior.layout import sd_names
from bayesmix.priors.default_priors import column_sds
from bayesmix.priors.density import prior_probability_of_ratio_below

PER = ("unit", "sd")


@with_hints
@readable
def equivalence(fit: Fit, *, delta: float = 0.1, per: str = "unit") -> pd.DataFrame:
    """Probability that a group standard deviation is practically 0: smaller than `delta` residual ones.

    For those who do not want to test a point: the posterior probability of the region sd < delta sigma, beside what the
    priors gave to it. Of correlated effects each sd is looked at for itself, whatever the others are.

    Parameters
    ----------
    fit
        A fitted model with a residual standard deviation in the unit of the linear predictor.
    delta
        What is too small to matter, in residual standard deviations; > 0.
    per
        ``"unit"``: a slope's sd as it stands, that of the effect of one unit of its column. ``"sd"``: that of the
        effect of one sd of the column, which does not depend on its unit; intercepts and 0/1 columns stay.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter`, a group sd a row: `probability` after the data with its Monte Carlo error `mcse`,
        `prior`, the probability before; `odds_ratio`, posterior odds over prior odds, > 1 where the data speak for the
        region; nan where the priors leave no question, since they exclude the region or hold nothing else.

    Raises
    ------
    ArgumentError
        `fit` is no posterior, the family has no `sigma` in the unit of the linear predictor, `delta` is not positive,
        or `per` is not known.
    """
    fit = a_posterior(fit, question="equivalence")
    if "sigma" not in constant_parameters(fit):
        raise ArgumentError(f"The model has no single residual sd to compare with (family {fit.family}).")
    column_sd = column_sds(fit.design, fit.family)
    if not column_sd and fit.design.random:
        raise ArgumentError(f"Family {fit.family} has no residual sd in the unit of its group effects to compare with.")
    delta = a_positive_number(delta, argument="delta", meaning="a positive number of residual sds, such as 0.1")
    per = one_of(per, PER, argument="per")
    rows = {}
    for term in fit.design.random:
        for name, draws in zip(sd_names(term), standard_deviations(fit, term), strict=True):
            bound = delta / column_sd[name] if per == "sd" else delta
            inside = (draws < bound * auxiliary(fit, "sigma")).astype(float)
            share = float(inside.mean())
            before = prior_probability_of_ratio_below(fit.priors[name], fit.priors["sigma"], bound)
            with np.errstate(divide="ignore", invalid="ignore"):  # odds of 0 and of 1
                odds = np.divide(share, 1 - share) / np.divide(before, 1 - before)
            rows[name] = {"probability": share, "mcse": _error(fit, inside), "prior": before, "odds_ratio": float(odds)}
    columns = ["probability", "mcse", "prior", "odds_ratio"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("parameter")


def _error(fit: Fit, inside: Floats) -> float:
    """Monte Carlo standard error of a share, by the effective size of the draws; never 0, as if half a draw more were
    on either side."""
    if np.ptp(inside) == 0:
        return float(np.sqrt(0.5) / inside.size)
    share = float(inside.mean())
    sources = convergence.sources_of(fit.posterior)
    effective = convergence.convergence(inside[None], sources).ess_bulk[0]
    return float(np.sqrt(share * (1 - share) / effective))
