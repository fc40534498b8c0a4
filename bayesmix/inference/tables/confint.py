"""Between which limits does each parameter lie?"""

from functools import singledispatch

import numpy as np
import pandas as pd

from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.profile import coefficient_limits
from bayesmix.inference.shared.arguments import one_of, probability
from bayesmix.inference.shared.estimability import with_left_out
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.inference.tables.auxiliary import auxiliary
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.inference.tables.fixef import fixef
from bayesmix.inference.tables.varcorr import varcorr
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer
from bayesmix.posterior.layout import column_pairs, corr_name, sd_names

METHODS = ("profile", "wald")

_COLUMNS = ["estimate", "lower", "upper"]
_CORRECTED = {"satterthwaite": "Satterthwaite's", "kenward-roger": "Kenward and Roger's"}


@table
def confint(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    *,
    prob: float = 0.95,
    method: str | None = None,
    ddf: str = "satterthwaite",
) -> pd.DataFrame:
    """Intervals of all coefficients, standard deviations and correlations, as R's `confint`.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the intervals.
    method
        Of fits by `reml`: ``"profile"`` (default) or ``"wald"``, which has none for standard deviations and is quick.
        Other fits have one method, and leave it out.
    ddf
        Of REML fits: degrees of freedom of the coefficients, by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    pandas.DataFrame
        Indexed by `parameter`, named as priors and `hypothesis` name them: standard deviations and correlations
        (``"sd_Subject__Days"``, ``"corr_Subject[Intercept,Days]"``), ``"sigma"`` and the family's other parameters,
        then the coefficients; `estimate`, of a posterior the mean, `lower` and `upper`. ``attrs["notes"]`` say how the
        intervals came about.

        Maximum likelihood: profile intervals of all, those of R's `confint(lmer(...))`, which fits by maximum
        likelihood first. REML: profiles of the restricted likelihood for standard deviations and correlations, and t
        intervals with `ddf` for coefficients. `lm`: t intervals. Laplace: Wald intervals of the coefficients alone.
        Posterior: equal-tailed intervals of the draws.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1; `method` or `ddf` is not known or not for this fit; profiles would take more than
        half a minute.

    Notes
    -----
    A profile interval has its probability when there are many levels; of a variance near 0 it reaches further than it
    needs to. A coefficient that was not estimable has nan.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), section 5.1, doi:10.18637/jss.v067.i01

    Examples
    --------
    >>> fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"), reml=False)
    >>> bm.confint(fit).loc["sd_Subject__Days", ["lower", "upper"]].round(2).tolist()
    [3.8, 8.75]
    """
    prob, ddf = probability(prob), ddf_method(fit, ddf)
    if method is not None:
        method = one_of(method, METHODS, argument="method")
    answer, notes = _confint(fit, prob=prob, method=method, ddf=ddf)
    answer.attrs[NOTES] = notes
    return answer


@singledispatch
def _confint(fit: object, *, prob: float, method: str | None, ddf: str) -> tuple[pd.DataFrame, list[str]]:
    raise no_answer(_confint, fit, question="confint")


@_confint.register
def _of_posterior(fit: Fit, *, prob: float, method: str | None, ddf: str) -> tuple[pd.DataFrame, list[str]]:
    _refuse_method(method)
    tables = [_named(fit, varcorr(fit, prob=prob)), auxiliary(fit, prob=prob).drop(index="sigma", errors="ignore")]
    tables.append(fixef(fit, prob=prob))
    frames = [frame.rename(columns={"mean": "estimate"}) for frame in tables]
    return _stacked(frames), [f"Equal-tailed {100 * prob:g} % intervals of the posterior; the estimate is its mean."]


@_confint.register
def _of_reml(fit: RemlFit, *, prob: float, method: str | None, ddf: str) -> tuple[pd.DataFrame, list[str]]:
    profile = method != "wald"
    spreads = varcorr(fit, prob=prob, intervals=profile)
    if not profile:
        spreads = spreads.assign(lower=np.nan, upper=np.nan)
    coefficients = fixef(fit, prob=prob, ddf=ddf)
    share, criterion = f"{100 * prob:g} %", "restricted likelihood" if fit.reml else "likelihood"
    if profile and not fit.reml:
        limits = coefficient_limits(fit, prob)
        own = pd.DataFrame({"lower": limits[:, 0], "upper": limits[:, 1]}, index=list(fit.design.fixed.names))
        coefficients[["lower", "upper"]] = with_left_out(own, fit.design).reindex(coefficients.index)
        notes = [f"{share} profile intervals of the likelihood."]
    else:
        notes = [f"{share} intervals; coefficients: t with {_CORRECTED[ddf]} degrees of freedom."]
        spread = f"profile of the {criterion}" if profile else 'method="profile" has them'
        notes.append(f"Standard deviations and correlations: {spread}.")
    return _stacked([_named(fit, spreads), coefficients]), notes


@_confint.register
def _of_laplace(fit: LaplaceFit, *, prob: float, method: str | None, ddf: str) -> tuple[pd.DataFrame, list[str]]:
    _refuse_method(method)
    spreads = varcorr(fit).assign(lower=np.nan, upper=np.nan)
    notes = [
        f"{100 * prob:g} % Wald intervals of the coefficients.",
        "Standard deviations have none here; the posterior, bm.fit, has them.",
    ]
    return _stacked([_named(fit, spreads), fixef(fit, prob=prob)]), notes


@_confint.register
def _of_least_squares(fit: LmFit, *, prob: float, method: str | None, ddf: str) -> tuple[pd.DataFrame, list[str]]:
    _refuse_method(method)
    df = fit.df_residual
    return _stacked([fixef(fit, prob=prob)]), [f"{100 * prob:g} % intervals by t with {df} degrees of freedom."]


def _refuse_method(method: str | None) -> None:
    if method is not None:
        raise ArgumentError(f"method={method!r} is for fits by bm.reml; other fits have one method. Leave it out.")


def _named(fit: Fit | RemlFit | LaplaceFit, spreads: pd.DataFrame) -> pd.DataFrame:
    """The table of `varcorr` with one name for each row."""
    names: list[str] = []
    for part in fit.design.predictors:
        for term in part.random:
            correlations = (f"{corr_name(term, part.random)}[{','.join(pair)}]" for pair in column_pairs(term))
            names += [*sd_names(term), *correlations]
    return spreads.set_axis([*names, "sigma"][: len(spreads)], axis=0)


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    present = [frame[_COLUMNS] for frame in frames if len(frame)]
    stacked = pd.concat(present) if present else pd.DataFrame(columns=_COLUMNS, dtype=float)
    return stacked.rename_axis("parameter")
