"""What does each fixed term explain?"""

from collections.abc import Mapping
from functools import singledispatch

import numpy as np
import pandas as pd
from scipy import stats

from bayesmix.errors import ArgumentError, shown
from bayesmix.estimates.laplace.wald import term_wald_tests
from bayesmix.estimates.least_squares.tests import lm_tests
from bayesmix.estimates.reml.tests import no_f_note, term_tests
from bayesmix.formula.design import Design
from bayesmix.inference.shared.estimability import not_estimable
from bayesmix.inference.shared.question import table
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import LaplaceFit, LmFit, RemlFit, no_answer

RESIDUALS = "Residuals"

_SHARED = "what it explains other terms explain as well"


_KINDS: Mapping[object, int] = {1: 1, 2: 2, 3: 3, "I": 1, "II": 2, "III": 3}


@table
def anova(
    fit: RemlFit | LaplaceFit | LmFit, *, type: int | str | None = None, ddf: str = "satterthwaite"
) -> pd.DataFrame:
    """Tests of the fixed terms: lmerTest's `anova`, R's of `lm`, and car's `Anova` of a Laplace fit.

    Parameters
    ----------
    fit
        A fit by `reml`, `laplace` or `lm`.
    type
        1, 2 or 3, or as lmerTest writes them ``"I"``, ``"II"``, ``"III"``. By default 3 of a REML or ML fit, 1 of
        `lm` and 2 of a Laplace fit, as in R. 1: a term is adjusted for those above it. 2: for all terms but those that
        contain it, which have all its variables and more factors. 3: for all terms, factors with means over their
        levels that weigh alike.
    ddf
        Of REML fits: denominator degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with F
        scaled as that method asks. Fits by maximum likelihood have the former alone.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` in the order of the formula (main effects first, then interactions, as R orders them).

        Of a REML or ML fit `sum_sq` and `mean_sq` (which beside the residual variance give `f`, before Kenward and
        Roger's scale), `num_df`, `den_df`, `f` and its `p`. No rows for a formula without fixed terms. Kenward and
        Roger's `den_df` may come out as 0 or less, where too few levels stand against too many contrasts: there is no F
        with it, `f` and `p` are nan, and a column `note` says so.

        Of a Laplace fit Wald's `chisq`, its `df` and `p`: a likelihood-ratio test (`drop1`, `lrt`) is the better one
        where it is near a limit.

        Of `lm` `df`, `sum_sq` (what the term explains beyond the terms that it is adjusted for), `mean_sq`, `f`
        (against the mean square of the residuals) and its `p`; `Residuals` last, nan in the latter two.

        Where columns depend on others the degrees of freedom are those of the columns that are left. A term of which
        none is left has 0 and nan, and a column `note` says why. ``attrs["type"]`` is the type, and
        ``attrs["not_estimable"]`` has the coefficients that were left out.

    Raises
    ------
    ArgumentError
        `fit` is another kind of fit; `type` or `ddf` is not known or not for this fit; the crossed factors have too
        many levels for degrees of freedom; a Laplace fit has no maximum.

    Notes
    -----
    Laplace fits adjust terms for one another by the information of their coefficients, as car does.

    The types are SAS's as lmerTest computes them, from estimable functions of the columns that are left. Those of type
    3 do not depend on the coding of the factors, so that no sum-to-zero contrasts are needed: in complete designs they
    compare means over the levels of all other factors, weighted alike, and agree with `Anova(lm, type = 3)` of R's car
    with `contr.sum` (with treatment contrasts car tests something else: the simple effects at the reference levels).
    Where cells are empty there are no such means; type 3 then tests what can be estimated and is orthogonal to the
    containing terms, which depends on the cells that happen to be there, and types 1 and 2 are easier to read.

    In types 2 and 3 what other terms explain as well counts for none of them: x has no degree of freedom beside z and
    x + z, nor has a factor beside one that is nested in it. So does car for `lm`; lmerTest tests the coefficients that
    happen to be left.

    A number takes part in whether a term contains another: `f` is adjusted for `f:x` in types 2 and 3, and its row
    compares levels where x is 0. (In type 2 of car `f` is not adjusted for `f:x`.) Of weights type 1 and 2 of `lm` take
    account as R does; of a REML fit the hypotheses are those without weights, as in lmerTest.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13; SAS/STAT User's Guide, "The Four Types of
    Estimable Functions"; Fox & Weisberg (2019), An R Companion to Applied Regression, ISBN 978-1-5443-3647-3

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))
    >>> bm.anova(fit).loc["variety", ["den_df", "f"]].round(4).tolist()
    [4.0, 1.0676]
    """
    kind = _kind(type) or _usual_kind(fit)
    tests = _with_notes(_anova(fit, kind=kind, ddf=ddf_method(fit, ddf)), fit.design)
    tests.attrs |= {"type": kind} | not_estimable(fit.design)
    return tests


def _kind(value: object) -> int | None:
    """The type as a number; None by default."""
    known = isinstance(value, int | str | np.integer) and not isinstance(value, bool) and value in _KINDS
    if not (known or value is None):
        raise ArgumentError(f'type={shown(value)} is not known. Known: 1, 2, 3, or "I", "II", "III".')
    return None if value is None else _KINDS[value]


@singledispatch
def _usual_kind(fit: object) -> int:
    raise no_answer(_usual_kind, fit, question="anova")


@_usual_kind.register
def _as_lmertest(_: RemlFit) -> int:
    return 3


@_usual_kind.register
def _as_r(_: LmFit) -> int:
    return 1


@_usual_kind.register
def _as_car(_: LaplaceFit) -> int:
    return 2


@singledispatch
def _anova(fit: object, *, kind: int, ddf: str) -> pd.DataFrame:
    raise no_answer(_anova, fit, question="anova")


@_anova.register
def _of_reml(fit: RemlFit, *, kind: int, ddf: str) -> pd.DataFrame:
    tests = term_tests(fit, ddf, kind)
    # As lmerTest: the squares that give this F, before Kenward and Roger's scale, beside the residual's.
    rows = [
        (
            test.statistic / test.scale * test.numerator * fit.sigma**2,
            test.statistic / test.scale * fit.sigma**2,
            test.numerator,
            test.denominator,
            test.f,
            test.p_value,
        )
        for test in tests.values()
    ]
    frame = pd.DataFrame(
        rows,
        columns=["sum_sq", "mean_sq", "num_df", "den_df", "f", "p"],
        index=pd.Index(list(tests), name="term", dtype=object),
    )
    frame = frame.astype({name: int if name == "num_df" else float for name in frame.columns})
    notes = [no_f_note(test) for test in tests.values()]
    return frame.assign(note=notes) if any(notes) else frame


@_anova.register
def _of_laplace(fit: LaplaceFit, *, kind: int, ddf: str) -> pd.DataFrame:
    if not fit.converged:
        raise ArgumentError(
            "anova needs a maximum of the likelihood, which this fit does not have; bm.separation(fit) says why."
        )
    tests = term_wald_tests(fit, kind)
    return pd.DataFrame(
        {
            "chisq": [test.numerator * test.statistic for test in tests.values()],
            "df": [test.numerator for test in tests.values()],
            "p": [test.p_value for test in tests.values()],
        },
        index=pd.Index(list(tests), name="term", dtype=object),
    ).astype({"chisq": float, "df": int, "p": float})


@_anova.register
def _of_least_squares(fit: LmFit, *, kind: int, ddf: str) -> pd.DataFrame:
    squares = _adjusted_squares(fit, kind) if kind > 1 else _sequential_squares(fit)
    df = np.array([*(df for _, df in squares.values()), fit.df_residual])
    sums = np.array([*(total for total, _ in squares.values()), fit.df_residual * fit.sigma**2])
    index = pd.Index([*squares, RESIDUALS], name="term", dtype=object)
    frame = pd.DataFrame({"df": df, "sum_sq": sums}, index=index)
    frame["mean_sq"] = frame["sum_sq"] / np.where(df > 0, df, np.nan)
    frame["f"] = frame["mean_sq"] / fit.sigma**2
    frame["p"] = stats.f.sf(frame["f"], frame["df"], fit.df_residual)
    frame.iloc[-1, 3:] = np.nan
    return frame


def _sequential_squares(fit: LmFit) -> dict[str, tuple[float, int]]:
    """Sum of squares and degrees of freedom of each term, from the effects of the fit's QR decomposition."""
    terms = [term for term in fit.design.fixed.terms if term.kind != "intercept"]
    return {term.label: (float(np.sum(fit.effects[list(term.columns)] ** 2)), len(term.columns)) for term in terms}


def _adjusted_squares(fit: LmFit, kind: int) -> dict[str, tuple[float, int]]:
    """The same of types 2 and 3: squares of the hypotheses."""
    return {
        label: (test.statistic * test.numerator * fit.sigma**2 if test.numerator else 0.0, test.numerator)
        for label, test in lm_tests(fit, kind).items()
    }


def _with_notes(frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    """A term that cannot be told from those before it has a note of why; without such terms there are no notes."""
    reasons, df = design.fixed.left_out_terms, frame["num_df" if "num_df" in frame else "df"]
    notes = {label: f"not estimable: {'; '.join(reasons.get(label, (_SHARED,)))}" for label in df.index[df == 0]}
    if not notes:
        return frame
    known = frame["note"] if "note" in frame else dict.fromkeys(frame.index, "")
    return frame.assign(note=[notes.get(label, known[label]) for label in frame.index])
