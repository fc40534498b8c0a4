"""What does each fixed term tell that the others do not?"""

from functools import singledispatch
from math import nan

import numpy as np
import pandas as pd

from bayesmix.errors import DesignError
from bayesmix.formula.reduce import fixed_reductions
from bayesmix.formula.terms import Formula
from bayesmix.inference.evidence.lrt import ratio_test, require_maximum
from bayesmix.inference.evidence.reduced_fits import reduced_laplace
from bayesmix.inference.shared.question import table
from bayesmix.inference.tables.anova import RESIDUALS, anova
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer

NONE = "<none>"
"""The row of the model itself."""


@table
def drop1(fit: RemlFit | LaplaceFit | LmFit, *, ddf: str = "satterthwaite") -> pd.DataFrame:
    """Tests of the fixed terms that can be left out by themselves, as R's and lmerTest's `drop1`.

    Parameters
    ----------
    fit
        A fit by `reml`, `laplace` or `lm`.
    ddf
        Of REML fits: denominator degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term`; a term that is part of an interaction, and the intercept, have no row.

        REML: F tests as `anova` has them (`sum_sq`, `mean_sq`, `num_df`, `den_df`, `f`, `p`).

        Laplace: likelihood-ratio tests, the smaller models fitted anew: `npar`, `aic`, `lrt`, `df`, `p` of the
        chi-square, and a column `reason` where a smaller model has no maximum; the row ``<none>`` is the model itself.

        `lm`: `df`, `sum_sq`, the residual sum of squares `rss` and the `aic` of the model without the term, `f` and
        `p`; the row ``<none>`` is the model itself. `aic` is that of `glance`, which counts all constants: R's `drop1`
        leaves n (1 + log(2 pi)) + 2 out.

    Raises
    ------
    ArgumentError
        `fit` is a posterior (`bayes_factor` tests its terms) or has no maximum; `ddf` is not for this fit.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    >>> bm.drop1(fit)["f"].round(4).to_dict()
    {'irrigation:variety': 0.2452}
    """
    return _drop1(fit, ddf_method(fit, ddf))


def _droppable(formula: Formula) -> list[str]:
    return [part.label for part in fixed_reductions(formula)]


@singledispatch
def _drop1(fit: object, ddf: str) -> pd.DataFrame:
    raise no_answer(_drop1, fit, question="drop1")


@_drop1.register
def _of_reml(fit: RemlFit, ddf: str) -> pd.DataFrame:
    return anova(fit, type=2, ddf=ddf).loc[_droppable(fit.design.formula)]


@_drop1.register
def _of_laplace(fit: LaplaceFit, ddf: str) -> pd.DataFrame:
    require_maximum(fit, question="drop1")
    rows: dict[str, dict[str, object]] = {}
    rows[NONE] = {"npar": fit.n_parameters, "aic": fit.aic, "lrt": nan, "df": nan, "p": nan, "reason": ""}
    for part in fixed_reductions(fit.design.formula):
        rows[part.label] = _ratio(fit, part.formula)
    answer = pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")
    return answer if any(answer["reason"]) else answer.drop(columns="reason")


def _ratio(fit: LaplaceFit, formula: Formula) -> dict[str, object]:
    nothing = dict.fromkeys(("npar", "aic", "lrt", "df", "p"), nan)
    try:
        smaller = reduced_laplace(fit, formula)
    except DesignError as error:
        return {**nothing, "reason": str(error)}
    if not smaller.converged:
        return {**nothing, "reason": f"{smaller.formula} has no maximum. {smaller.reason}"}
    test = ratio_test(smaller, fit)
    figures = {"lrt": test["chisq"], "df": test["df"], "p": test["p"]}
    return {"npar": smaller.n_parameters, "aic": smaller.aic, **figures, "reason": ""}


@_drop1.register
def _of_least_squares(fit: LmFit, ddf: str) -> pd.DataFrame:
    tests, n_obs = anova(fit, type=2), fit.design.n_obs
    left = float(tests.loc[RESIDUALS, "sum_sq"])
    rows = tests.loc[_droppable(fit.design.formula)]
    answer = pd.DataFrame(
        {
            "df": [nan, *rows["df"]],
            "sum_sq": [nan, *rows["sum_sq"]],
            "rss": [left, *(left + rows["sum_sq"])],
            "aic": [fit.aic, *(fit.aic + n_obs * np.log1p(rows["sum_sq"] / left) - 2 * rows["df"])],
            "f": [nan, *rows["f"]],
            "p": [nan, *rows["p"]],
        },
        index=pd.Index([NONE, *rows.index], name="term", dtype=object),
    )
    return answer.assign(note=["", *rows["note"]]) if "note" in rows else answer
