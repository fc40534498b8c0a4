"""The estimates as a plain table, one parameter a row."""

from collections.abc import Iterable

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.arguments import all_of, probability
from bayesmix.inference.ddf_method import ddf_method
from bayesmix.inference.laplace import tidy as of_laplace
from bayesmix.inference.least_squares import tidy as of_least_squares
from bayesmix.inference.posterior import tidy as of_posterior
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import tidy as of_reml
from bayesmix.inference.tidy_labels import EFFECTS
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def tidy(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    *,
    effects: str | Iterable[str] = ("fixed", "ran_pars"),
    prob: float = 0.95,
    ddf: str = "satterthwaite",
) -> pd.DataFrame:
    """Estimates in the layout of broom.mixed's `tidy`.

    Parameters
    ----------
    fit
        A fitted model.
    effects
        Any of ``"fixed"`` (coefficients), ``"ran_pars"`` (standard deviations, correlations, residual, and a family's
        other parameters) and ``"ran_vals"`` (group effects).
    prob
        Probability of the interval.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    pandas.DataFrame
        `effect`, `group` (None for fixed), `level` (with ``"ran_vals"`` only), `term` (``"Days"``,
        ``"sd__Days"``, ``"cor__Intercept.Days"``, ``"sd__Observation"`` for the residual), `estimate`, `std.error`,
        `conf.low` and `conf.high`. Posterior: mean, sd and the equal-tailed interval of probability `prob`. REML: also
        `statistic`, `df` and `p.value` of the coefficients' t tests; conditional modes have normal intervals, variance
        parameters none. Laplace: the same without `df`, the statistic is z; of a fit without a maximum the
        coefficients have neither tests nor intervals.

    Raises
    ------
    ArgumentError
        `effects` names something else, `prob` is not between 0 and 1, or `ddf` is not known or not for this fit.
    """
    refuse_other_kinds(fit, question="tidy", kinds=LINEAR)
    effects, prob = all_of(effects, EFFECTS, argument="effects"), probability(prob)
    ddf = ddf_method(fit, ddf)
    if isinstance(fit, RemlFit):
        return of_reml.tidy(fit, effects, prob=prob, ddf=ddf)
    if isinstance(fit, LaplaceFit):
        return of_laplace.tidy(fit, effects, prob=prob)
    if isinstance(fit, LmFit):
        return of_least_squares.tidy(fit, effects, prob=prob)
    return of_posterior.tidy(fit, effects, prob=prob)
