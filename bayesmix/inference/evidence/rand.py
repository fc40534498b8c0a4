"""Which of the random terms are there?"""

from collections.abc import Sequence
from functools import singledispatch
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from bayesmix.errors import DesignError
from bayesmix.estimates.laplace.fit_design import fit_laplace
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.families.family import has_laplace_fit
from bayesmix.formula.matrices import build_design
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.hints import with_hints
from bayesmix.inference.evidence.bayes_factor import joined, without
from bayesmix.inference.evidence.boundary_p import boundary_p, naive_p
from bayesmix.inference.evidence.evidence_cache import log_marginals
from bayesmix.inference.evidence.lrt import require_maximum, variances_lost
from bayesmix.inference.evidence.rand_table import RandTable
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import no_answer, require_answer
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reduced import reduced_model

_COLUMNS = (
    "dropped",
    "log10_bf",
    "mcse",
    "low",
    "high",
    "probability",
    "label",
    "method",
    "prior",
    "p",
    "p_boundary",
    "reliable",
    "reason",
)

Row = dict[str, Any]


@with_hints
@readable
def rand(fit: Fit | RemlFit | LaplaceFit) -> pd.DataFrame:
    """A test of each random term: the fitted model against the same without it; a slope before its intercept.

    Parameters
    ----------
    fit
        By `bm.fit` (a model without a closed form by nutpie: its marginal likelihoods come by bridge sampling),
        `bm.reml` or `bm.laplace`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, named as lmerTest names it. `dropped`: what became of the term.

        Of a posterior: `log10_bf`, log10 of the Bayes factor, > 0 for the term; `mcse`, its Monte Carlo standard
        error; `low` and `high`, its range as the scales of the tested sds' priors go from 0.1 to 10 times what they
        are (nan where the draws do not reach them); `probability` of the term with prior odds 1:1; `label` in words
        (Kass & Raftery 1995), at both ends of the range where they differ; `method`; `prior` of what is tested; `p` and
        `p_boundary` of the likelihood-ratio test by REML, for counts by Laplace's fit; `reliable`, and if not the
        `reason`, with nan for the number. It prints as a page of few columns.

        Of a REML fit lmerTest's table, the model itself first: `npar`, `loglik`, `aic`, `lrt`, `df`, `p` of the
        chi-square, and `p_boundary`, of the even mixture of chi-squares that holds for a variance of 0.
        Of a Laplace fit the same, and `reason` where a smaller model has no maximum and so no numbers.

    Raises
    ------
    ArgumentError, PriorError
        As `bayes_factor`; a Laplace fit that has no maximum itself.

    Notes
    -----
    ``(0 + x | g)`` is dropped; lmerTest makes it ``(1 | g)``, which is no simpler model. Of ``(a * b | g)`` the
    interaction alone is tested, as in lmerTest.
    """
    require_answer(_rand, fit, question="rand")
    return _rand(fit)


@singledispatch
def _rand(fit: object) -> pd.DataFrame:
    raise no_answer(_rand, fit, question="rand")


@_rand.register
def bayes_factors(fit: Fit) -> RandTable:
    """Bayes factors of the random terms of a posterior, with the p values of likelihood-ratio tests beside them."""
    parts = reductions(fit.design.formula)
    if not parts:
        return RandTable(columns=list(_COLUMNS), index=pd.Index([], name="term"))
    # All of them at once, so that those to be sampled are sampled side by side.
    log_marginals(fit, [fit.design.formula, *(part.formula for part in parts)])
    p_values = _p_values(fit, parts)
    rows = []
    for part in parts:
        found = without(fit, part)
        rows.append(
            {
                "dropped": part.change,
                "log10_bf": found.log10_bf,
                "mcse": found.mcse,
                "low": found.low,
                "high": found.high,
                "probability": found.probability,
                "label": found.label,
                "method": found.method,
                "prior": found.priors,
                "p": p_values[part.label][0],
                "p_boundary": p_values[part.label][1],
                "reliable": not found.reason,
                "reason": found.reason,
            }
        )
    table = RandTable(rows, columns=list(_COLUMNS), index=pd.Index([part.label for part in parts], name="term"))
    table.attrs["formula"] = joined(fit.formulas)
    return table


@_rand.register
def _of_reml(fit: RemlFit) -> pd.DataFrame:
    rows = {"<none>": _row(fit)}
    for part in reductions(fit.design.formula):
        rows[part.label] = _test(fit, _reduced_reml(fit, part)) | {"dropped": part.change}
    return _table(rows)


@_rand.register
def _of_laplace(fit: LaplaceFit) -> pd.DataFrame:
    require_maximum(fit, question="rand")
    rows = {"<none>": _row(fit) | {"reason": ""}}
    for part in reductions(fit.design.formula):
        rows[part.label] = _test_of_maxima(fit, part) | {"dropped": part.change}
    return _table(rows)


def _table(rows: dict[str, Row]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")


def _row(fit: RemlFit | LaplaceFit | None) -> Row:
    """The model itself, or nothing but nan of one that cannot be fitted."""
    return {
        "dropped": "",
        "npar": np.nan if fit is None else fit.n_parameters,
        "loglik": np.nan if fit is None else fit.loglik,
        "aic": np.nan if fit is None else fit.aic,
        "lrt": np.nan,
        "df": np.nan,
        "p": np.nan,
        "p_boundary": np.nan,
    }


def _test(fit: RemlFit | LaplaceFit, smaller: RemlFit | LaplaceFit) -> Row:
    statistic = max(0.0, smaller.criterion - fit.criterion)
    df = fit.n_parameters - smaller.n_parameters
    return _row(smaller) | {
        "lrt": statistic,
        "df": float(df),
        "p": naive_p(statistic, df),
        "p_boundary": boundary_p(statistic, df, variances_lost(fit.design, smaller.design)),
    }


def _test_of_maxima(fit: LaplaceFit, part: Reduction) -> Row:
    """A row without numbers, and with the reason, where the smaller model has no maximum."""
    try:
        smaller = _reduced_laplace(fit, part)
    except DesignError as error:
        return _row(None) | {"reason": str(error)}
    if not smaller.converged:
        return _row(None) | {"reason": f"{smaller.formula} has no maximum. {smaller.reason}"}
    return _test(fit, smaller) | {"reason": ""}


def _reduced_reml(fit: RemlFit, part: Reduction) -> RemlFit:
    """The model without `part`, on the same rows, by the same criterion."""
    design = build_design(part.formula, fit.data, weights=fit.design.weights_column, functions=fit.design.functions)
    return fit_reml(design, reml=fit.reml)


def _reduced_laplace(fit: LaplaceFit, part: Reduction) -> LaplaceFit:
    """The model without `part`, on the same rows.

    Raises
    ------
    DesignError
        Nothing to estimate is left.
    """
    design = build_design(
        part.formula,
        fit.data,
        response=fit.family.response,
        weights=fit.design.weights_column,
        functions=fit.design.functions,
    )
    return fit_laplace(design, fit.family)


def _p_values(fit: Fit, parts: Sequence[Reduction]) -> dict[str, tuple[float, float]]:
    """Of the likelihood-ratio test of each part, naive and for the boundary; nan where there is no such test."""
    if fit.design.parts or fit.design.response.censoring is not None:
        return {part.label: (nan, nan) for part in parts}
    if fit.family.is_gaussian_identity:
        try:
            tests = _of_reml(fit_reml(fit.design))
        except DesignError:  # REML cannot fit it, or a reduced model; proper priors can
            return {part.label: (nan, nan) for part in parts}
        return {part.label: (tests.loc[part.label, "p"], tests.loc[part.label, "p_boundary"]) for part in parts}
    if not has_laplace_fit(fit.family):
        return {part.label: (nan, nan) for part in parts}
    larger = fit_laplace(fit.design, fit.family)
    found = {}
    for part in parts:
        smaller = fit_laplace(reduced_model(fit, part.formula).design, fit.family)
        if not (larger.converged and smaller.converged):
            found[part.label] = nan, nan
            continue
        test = _test(larger, smaller)
        found[part.label] = test["p"], test["p_boundary"]
    return found
