"""What does each fixed term explain?"""

from functools import singledispatch

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.estimates.reml.tests import term_tests
from bayesmix.hints import with_hints
from bayesmix.inference.shared.readable_table import readable
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import no_answer, require_answer

RESIDUALS = "Residuals"


@with_hints
@readable
def anova(fit: RemlFit | LmFit, *, ddf: str = "satterthwaite") -> pd.DataFrame:
    """F tests of the fixed terms: type III of a REML or ML fit, as lmerTest's `anova`; sequential of `lm`, as R's.

    Parameters
    ----------
    fit
        A fit by `reml` or `lm`.
    ddf
        Of REML fits: denominator degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with F
        scaled as that method asks. Fits by maximum likelihood have the former alone.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` in the order of the formula (main effects first, then interactions, as R orders them).

        Of a REML or ML fit each term is adjusted for all others: `sum_sq` and `mean_sq` (which beside the residual
        variance give `f`), `num_df`, `den_df`, `f` and its `p`. No rows for a formula without fixed terms.

        Of `lm` a term is adjusted for those above it, `Residuals` last: `df`, `sum_sq` (what the term explains beyond
        the terms above it), `mean_sq`, `f` (against the mean square of the residuals) and its `p`; nan for the
        residuals.

    Raises
    ------
    ArgumentError
        `fit` is another kind of fit; `ddf` is not known or not for this fit; the crossed factors have too many levels
        for degrees of freedom.

    Notes
    -----
    Type III hypotheses do not depend on the coding of the factors: in complete designs they compare means over the
    levels of all other factors, weighted alike. Where a factor takes part in interactions with a number, its own row
    compares levels where that number is 0.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    >>> bm.anova(fit).loc["variety", ["den_df", "f"]].round(4).tolist()
    [4.0, 1.0676]
    """
    require_answer(_anova, fit, question="anova")
    return _anova(fit, ddf=ddf_method(fit, ddf))


@singledispatch
def _anova(fit: object, *, ddf: str) -> pd.DataFrame:
    raise no_answer(_anova, fit, question="anova")


@_anova.register
def _type_three(fit: RemlFit, *, ddf: str) -> pd.DataFrame:
    tests = term_tests(fit, ddf)
    # As lmerTest: the squares that give this F beside the residual's.
    rows = [
        (
            test.statistic * test.numerator * fit.sigma**2,
            test.statistic * fit.sigma**2,
            test.numerator,
            test.denominator,
            test.statistic,
            test.p_value,
        )
        for test in tests.values()
    ]
    table = pd.DataFrame(
        rows,
        columns=["sum_sq", "mean_sq", "num_df", "den_df", "f", "p"],
        index=pd.Index(list(tests), name="term", dtype=object),
    )
    return table.astype({name: int if name == "num_df" else float for name in table.columns})


@_anova.register
def _sequential(fit: LmFit, *, ddf: str) -> pd.DataFrame:
    """Sums of squares from the effects of the fit's QR decomposition."""
    terms = [term for term in fit.design.fixed.terms if term.kind != "intercept"]
    squares = [float(np.sum(fit.effects[list(term.columns)] ** 2)) for term in terms]
    df = np.array([*(len(term.columns) for term in terms), fit.df_residual])
    table = pd.DataFrame(
        {"df": df, "sum_sq": np.array([*squares, fit.df_residual * fit.sigma**2])},
        index=pd.Index([*(term.label for term in terms), RESIDUALS], name="term", dtype=object),
    )
    table["mean_sq"] = table["sum_sq"] / table["df"]
    table["f"] = table["mean_sq"] / fit.sigma**2
    table["p"] = stats.f.sf(table["f"], table["df"], fit.df_residual)
    table.iloc[-1, 3:] = np.nan
    return table
