"""Which of the random terms are there?"""

from collections.abc import Sequence
from functools import singledispatch
from math import nan
from typing import Any

import pandas as pd

from bayesmix.errors import DesignError
from bayesmix.estimates.laplace.fit_design import fit_laplace
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.families.family import has_laplace_fit
from bayesmix.formula.reduce import Reduction, reductions
from bayesmix.inference.evidence.bayes_factor import without
from bayesmix.inference.evidence.log_marginal import log_marginals
from bayesmix.inference.evidence.lrt import NO_TEST, ratio_test, require_maximum
from bayesmix.inference.evidence.reduced_fits import reduced_laplace, reduced_reml
from bayesmix.inference.evidence.two_fits import joined
from bayesmix.inference.shared.question import table
from bayesmix.inference.shared.readable_table import RandTable
from bayesmix.modelling.kinds import Fit, LaplaceFit, RemlFit, no_answer
from bayesmix.modelling.reduced import reduced_model

# As `BayesFactor` has them.
_OF_FACTOR = ("log10_bf", "mcse", "low", "high", "probability", "label", "method")
_COLUMNS = ("dropped", *_OF_FACTOR, "prior", "p", "p_boundary", "reliable", "reason")

Row = dict[str, Any]


@table
def rand(fit: Fit | RemlFit | LaplaceFit) -> pd.DataFrame:
    """A test of each random term: the fitted model against the same without it; a slope before its intercept.

    Parameters
    ----------
    fit
        By `bm.fit` (by nutpie if the model has no closed form: bridge sampling then computes its marginal likelihoods),
        `bm.reml` or `bm.laplace`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`, named as lmerTest names it. `dropped` says what became of the term.

        Posterior: `log10_bf`, log10 of the Bayes factor, > 0 for the term; `mcse`, its Monte Carlo standard
        error; `low` and `high`, its range as the scales of the tested sds' priors go from 0.1 to 10 times what they
        are (nan if the draws do not cover them); `probability` of the term with prior odds 1:1; `label` in words
        (Kass & Raftery 1995), at both ends of the range if they differ; `method`; `prior` of the tested parameters; `p`
        and `p_boundary` of the likelihood-ratio test by REML, for counts by Laplace's fit; `reliable`, and if not the
        `reason`, with nan for the number. It prints as a page of few columns.

        REML: lmerTest's table, the model itself first: `npar`, `loglik`, `aic`, `lrt`, `df`, `p` of the
        chi-square, and `p_boundary`, of the even mixture of chi-squares that holds for a variance of 0.
        Laplace: the same, and the `reason` if a smaller model has no maximum and so no numbers.

    Raises
    ------
    ArgumentError, PriorError
        As `bayes_factor`; a Laplace fit that has no maximum itself.

    Notes
    -----
    ``(0 + x | g)`` is dropped; lmerTest makes it ``(1 | g)``, which is no simpler model. In ``(a * b | g)`` the
    interaction alone is tested, as in lmerTest.
    """
    return _rand(fit)


@singledispatch
def _rand(fit: object) -> pd.DataFrame:
    raise no_answer(_rand, fit, question="rand")


@_rand.register
def bayes_factors(fit: Fit) -> RandTable:
    """Bayes factors of the random terms of a posterior, with the p values of likelihood-ratio tests beside them."""
    parts = reductions(fit.design.written)
    if not parts:
        return RandTable(columns=list(_COLUMNS), index=pd.Index([], name="term"))
    # All of them at once, so that those to be sampled are sampled side by side.
    log_marginals(fit, [fit.design.written, *(part.formula for part in parts)])
    rows = []
    for part, (p, p_boundary) in zip(parts, _p_values(fit, parts), strict=True):
        factor = without(fit, part)
        row = {"dropped": part.change, **{name: getattr(factor, name) for name in _OF_FACTOR}, "prior": factor.priors}
        rows.append({**row, "p": p, "p_boundary": p_boundary, "reliable": not factor.reason, "reason": factor.reason})
    answer = RandTable(rows, columns=list(_COLUMNS), index=pd.Index([part.label for part in parts], name="term"))
    answer.attrs["formula"] = joined(fit.formulas)
    return answer


@_rand.register
def _of_reml(fit: RemlFit) -> pd.DataFrame:
    rows = {"<none>": _row(fit)}
    for part in reductions(fit.design.formula):
        smaller = reduced_reml(fit, part.formula)
        rows[part.label] = _row(smaller) | ratio_test(smaller, fit) | {"dropped": part.change}
    return _table(rows)


@_rand.register
def _of_laplace(fit: LaplaceFit) -> pd.DataFrame:
    require_maximum(fit, question="rand")
    rows = {"<none>": _row(fit) | {"reason": ""}}
    for part in reductions(fit.design.formula):
        rows[part.label] = _test_of_maxima(fit, part) | {"dropped": part.change}
    return _table(rows)


def _table(rows: dict[str, Row]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term").rename(columns={"chisq": "lrt"})


def _row(fit: RemlFit | LaplaceFit | None) -> Row:
    """The model itself, or nothing but nan if it cannot be fitted."""
    npar, loglik, aic = (nan, nan, nan) if fit is None else (fit.n_parameters, fit.loglik, fit.aic)
    return {"dropped": "", "npar": npar, "loglik": loglik, "aic": aic, **NO_TEST}


def _test_of_maxima(fit: LaplaceFit, part: Reduction) -> Row:
    """A row without numbers, and with the reason, if the smaller model has no maximum."""
    try:
        smaller = reduced_laplace(fit, part.formula)
    except DesignError as error:
        return _row(None) | {"reason": str(error)}
    if not smaller.converged:
        return _row(None) | {"reason": f"{smaller.formula} has no maximum. {smaller.reason}"}
    return _row(smaller) | ratio_test(smaller, fit) | {"reason": ""}


def _p_values(fit: Fit, parts: Sequence[Reduction]) -> list[tuple[float, float]]:
    """`p` and `p_boundary` of the likelihood-ratio test of each part; nan if there is no such test."""
    no_tests = [(nan, nan)] * len(parts)
    if fit.design.parts or fit.design.response.censoring is not None:
        return no_tests
    if not (fit.family.is_gaussian_identity or has_laplace_fit(fit.family)):
        return no_tests
    if fit.family.is_gaussian_identity:
        try:
            tests = _of_reml(fit_reml(fit.design))
        except DesignError:  # REML cannot fit it, or a reduced model; proper priors can
            return no_tests
        return [(tests.loc[part.label, "p"], tests.loc[part.label, "p_boundary"]) for part in parts]
    larger = fit_laplace(fit.design, fit.family)
    p_values = []
    for part in parts:
        smaller = fit_laplace(reduced_model(fit, part.formula).design, fit.family)
        test = ratio_test(smaller, larger) if larger.converged and smaller.converged else NO_TEST
        p_values.append((test["p"], test["p_boundary"]))
    return p_values
