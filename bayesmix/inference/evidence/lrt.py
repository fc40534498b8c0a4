"""Does the larger of nested models fit better than by chance?

A standard deviation cannot be negative: if it is 0 in truth, the likelihood-ratio statistic is 0 as often as not, and
follows the even mixture of chi-squares with df - 1 and df degrees of freedom.
Self & Liang (1987), doi:10.1080/01621459.1987.10478472; Stram & Lee (1994), doi:10.2307/2533455.
"""

from functools import singledispatch
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.formula.design import Design
from bayesmix.hints import with_hints
from bayesmix.inference.evidence.nested import equal_numbers, require_nested
from bayesmix.inference.shared.arguments import a_switch
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, instead_of

NO_TEST = dict.fromkeys(("chisq", "df", "p", "p_boundary"), nan)
"""The columns of a test in the row of a model that is not tested."""


@with_hints
@readable
def lrt(
    reduced: RemlFit | LaplaceFit,
    full: RemlFit | LaplaceFit,
    *larger: RemlFit | LaplaceFit,
    refit: bool = True,
) -> pd.DataFrame:
    """Likelihood-ratio tests of nested models, as R's `anova(reduced, full)`.

    Parameters
    ----------
    reduced, full
        Fits by `bm.reml`, or all by `bm.laplace`, of the same rows, the smaller model first.
    larger
        Further fits, each of which contains the one before.
    refit
        Fit all by maximum likelihood first, as `anova` does. False compares REML fits as they are, which needs the
        same fixed part. Laplace fits are by maximum likelihood already.

    Returns
    -------
    pandas.DataFrame
        One row per fit, indexed by formula: `npar`, `aic`, `bic`, `loglik`, `deviance`; from the second row on the
        test against the row before: `chisq`, `df`, `p` of the chi-square, and `p_boundary`, of the even mixture of
        chi-squares, if the smaller model lacks one random effect, whose variance of 0 lies on the boundary, else nan.

    Raises
    ------
    ArgumentError
        The fits are of different rows or weights, not nested, or by REML with different fixed parts and refit=False; or
        by Laplace of different families or links, or without a maximum.

    References
    ----------
    Stram & Lee (1994), doi:10.2307/2533455
    """
    refit = a_switch(refit, argument="refit")
    fits = [reduced, full, *larger]
    for smaller, larger_fit in pairwise(fits):
        _require_comparable(smaller, larger_fit, refit=refit)
    if refit:
        fits = [_by_likelihood(fit) for fit in fits]
    tests = [NO_TEST, *(ratio_test(smaller, larger_fit) for smaller, larger_fit in pairwise(fits))]
    rows = [_row(fit) | test for fit, test in zip(fits, tests, strict=True)]
    return pd.DataFrame(rows, index=pd.Index([fit.formula for fit in fits], name="model"))


def _require_comparable(reduced: RemlFit | LaplaceFit, full: RemlFit | LaplaceFit, *, refit: bool) -> None:
    _require_one_kind(reduced, full)
    _require_same_rows(reduced.design, full.design)
    _require_one_likelihood(reduced, full, refit=refit)
    if full.n_parameters <= reduced.n_parameters:
        raise ArgumentError(
            f"The model {full.formula} has {full.n_parameters} parameters, {reduced.formula} before it "
            f"{reduced.n_parameters}: give the smaller one first. Models that are not nested have no likelihood-ratio "
            "test."
        )
    require_nested(reduced.design, full.design)


def ratio_test(reduced: RemlFit | LaplaceFit, full: RemlFit | LaplaceFit) -> dict[str, float]:
    """The columns of `NO_TEST` for two nested models by the same criterion."""
    df = full.n_parameters - reduced.n_parameters
    statistic = max(0.0, reduced.criterion - full.criterion)
    same_fixed = _same_columns(reduced.design, full.design)
    n_variances = len(_effects(full.design) - _effects(reduced.design)) if same_fixed else 0
    return {
        "chisq": statistic,
        "df": float(df),
        "p": naive_p(statistic, df),
        "p_boundary": boundary_p(statistic, df, n_variances),
    }


def _effects(design: Design) -> set[tuple[str, str]]:
    return {(term.group, name) for term in design.random for name in term.names}


def naive_p(statistic: float, df: int) -> float:
    """The p value of the chi-square with `df` degrees of freedom; nan without any."""
    return float(chi2.sf(statistic, df)) if df > 0 else nan


def boundary_p(statistic: float, df: int, n_variances: int) -> float:
    """The p value if one variance, with its df - 1 covariances, is 0 under the hypothesis; nan for any other number."""
    if n_variances != 1 or df < 1:
        return nan
    if statistic <= 0:
        return 1.0
    # A chi-square without degrees of freedom is 0.
    below = float(chi2.sf(statistic, df - 1)) if df > 1 else 0.0
    return 0.5 * below + 0.5 * float(chi2.sf(statistic, df))


@singledispatch
def _by_likelihood(fit: object) -> RemlFit | LaplaceFit:
    """The maximum likelihood fit of the same model."""
    raise _other_kinds(fit, fit)


@_by_likelihood.register
def _refitted(fit: RemlFit) -> RemlFit:
    return fit_reml(fit.design, reml=False) if fit.reml else fit


@_by_likelihood.register
def _as_it_is(fit: LaplaceFit) -> LaplaceFit:
    return fit


def _row(fit: RemlFit | LaplaceFit) -> dict[str, float]:
    return {
        "npar": fit.n_parameters,
        "aic": fit.aic,
        "bic": fit.bic,
        "loglik": fit.loglik,
        "deviance": fit.criterion,
    }


def _require_one_kind(reduced: object, full: object) -> None:
    if type(reduced) is not type(full) or type(reduced) not in (RemlFit, LaplaceFit):
        raise _other_kinds(reduced, full)


def _other_kinds(reduced: object, full: object) -> ArgumentError:
    return ArgumentError(
        "lrt takes two fits by bm.reml or two by bm.laplace, or more; "
        f"got {type(reduced).__name__} and {type(full).__name__}.{_instead(reduced, full)}"
    )


def _instead(reduced: object, full: object) -> str:
    if type(reduced) is type(full):
        return instead_of("lrt", reduced)
    kinds = (type(reduced), type(full))
    if LmFit in kinds and RemlFit in kinds:
        return " bm.reml fits models without random terms too, by the same criterion."
    return ""


@singledispatch
def _require_one_likelihood(reduced: object, full: Any, *, refit: bool) -> None:
    """Refuse fits whose criteria cannot be compared."""
    raise _other_kinds(reduced, full)


@_require_one_likelihood.register
def _require_one_criterion(reduced: RemlFit, full: RemlFit, *, refit: bool) -> None:
    same = _same_columns(reduced.design, full.design) and reduced.reml and full.reml
    if not refit and (reduced.reml or full.reml) and not same:
        raise ArgumentError(
            "REML criteria of models with different fixed parts, or beside a likelihood, cannot be compared; leave "
            "refit=True."
        )


@_require_one_likelihood.register
def _require_comparable_maxima(reduced: LaplaceFit, full: LaplaceFit, *, refit: bool) -> None:
    if reduced.family != full.family:
        raise ArgumentError(
            f"The fits are of {reduced.family} and {full.family}: models of different families or links are not "
            "nested. Fit both with one."
        )
    for fit in (reduced, full):
        require_maximum(fit, question="lrt")


def require_maximum(fit: LaplaceFit, *, question: str) -> None:
    """Refuse a fit without a finite maximum, with its reason: it has no likelihood to compare."""
    if not fit.converged:
        raise ArgumentError(f"{question} compares maxima of the likelihood, and {fit.formula} has none. {fit.reason}")


def _require_same_rows(reduced: Design, full: Design) -> None:
    if reduced.n_obs != full.n_obs:
        raise ArgumentError(
            f"The fits are of different rows ({reduced.n_obs} and {full.n_obs}), so their likelihoods cannot be "
            "compared. Fit both to the rows that are complete for both."
        )
    first, second = reduced.response, full.response
    same = np.array_equal(first.values, second.values) and equal_numbers(first.trials, second.trials)
    if not (same and equal_numbers(reduced.weights, full.weights)):
        raise ArgumentError(
            f"The fits have different responses, trials or weights ({first.name} and {second.name}, or other rows), so "
            "their likelihoods cannot be compared."
        )


def _same_columns(reduced: Design, full: Design) -> bool:
    """Whether the fixed parts have the same columns, whatever their order."""
    return set(reduced.fixed.names) == set(full.fixed.names)
