"""The data with what the model makes of each row."""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import probability
from bayesmix.inference.laplace import augment as of_laplace
from bayesmix.inference.least_squares import augment as of_least_squares
from bayesmix.inference.posterior import augment as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import augment as of_reml
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def augment(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95) -> pd.DataFrame:
    """The rows that were fitted, with fitted values and residuals, as broom.mixed's `augment`.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the interval (posterior).

    Returns
    -------
    pandas.DataFrame
        The columns of `fit.data`, then `.fitted` (expected response, response scale: posterior mean, or at the
        estimates), `.resid` (observed minus `.fitted`; proportions for a binomial response, nan where
        nothing was tried), `.fixed` (as `.fitted` with all group effects at 0); of a posterior `.lower` and `.upper`
        (equal-tailed interval of probability `prob` of the expectation).

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1.
    """
    refuse_other_kinds(fit, question="augment", kinds=LINEAR)
    prob = probability(prob)
    if isinstance(fit, RemlFit):
        return of_reml.augment(fit)
    if isinstance(fit, LaplaceFit):
        return of_laplace.augment(fit)
    if isinstance(fit, LmFit):
        return of_least_squares.augment(fit)
    return of_posterior.augment(fit, prob=prob)
