"""`reml`: from a formula to REML or ML estimates, in steps that can each be called alone."""

from collections.abc import Callable, Mapping
from typing import Any

from bayesmix.compile_clock import CompileNotice
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.fit_design import fit_reml
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.families.censoring import refuse_censored
from bayesmix.formula.contrasts import Contrasts
from bayesmix.formula.frame import Frame
from bayesmix.formula.matrices import build_design
from bayesmix.formula.missing import MissingRows
from bayesmix.formula.model_arguments import check_functions
from bayesmix.formula.parse import parse
from bayesmix.hints import with_hints


@with_hints
def reml(
    formula: str,
    data: Frame,
    *,
    reml: bool = True,
    weights: str | None = None,
    na: MissingRows = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    contrasts: Contrasts | None = None,
) -> RemlFit:
    """Fit a Gaussian mixed model by REML, as lme4's `lmer`.

    Parameters
    ----------
    formula
        As for `lmer`: ``"Reaction ~ Days + (Days | Subject)"``; `(x || g)` has independent effects.
    data
        One row an observation. Text, true/false and Categorical columns are factors; one that is ordered has R's
        polynomial coding.
    reml
        False fits by maximum likelihood.
    weights
        A column of positive numbers: the residual variance of a row is sigma^2 / weight.
    na
        ``"drop"`` leaves out rows with a missing value in a column of the formula and counts them; ``"error"``
        refuses them.
    functions
        Your own functions that the formula may call, by name: each takes columns as arrays and returns one number a
        row.
    contrasts
        Codings of factors by name, as for `fit`: ``{"f": "sum"}``, a matrix, or comparisons of levels.

    Returns
    -------
    RemlFit
        Prints like `summary(lmer)` with lmerTest; `fixef`, `varcorr`, `ranef` and the others ask it questions.

    Raises
    ------
    FormulaError, DataError, DesignError, ArgumentError
        One line that says what is wrong and what to do; nothing was fitted.

    Notes
    -----
    The criterion is searched in orthogonal columns of unit size, with its gradient, from several starts where that is
    cheap, and every answer is checked: `converged` and `gradient_size` say whether it is an optimum. A variance at the
    boundary is exactly 0, and `singular` says which. Without random terms the answer is that of least squares.

    Of columns of the fixed part that depend on each other, as where cells of a crossing are empty, those that come
    later are left out, the same as `lmer` leaves out: `print(fit)` and ``fixef(fit).attrs["not_estimable"]`` say which
    and why, and the tables of coefficients have rows of nan for them.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01

    Examples
    --------
    >>> fit = bm.reml("Reaction ~ Days + (Days | Subject)", bm.load_data("sleepstudy"))
    >>> round(fit.criterion, 1)
    1743.6
    """
    if not isinstance(reml, bool):
        raise ArgumentError(f"reml is True (REML) or False (maximum likelihood); got {reml!r}.")
    check_functions(functions)
    parsed = parse(formula, functions or ())
    refuse_censored(parsed, "reml")
    design = build_design(parsed, data, weights=weights, na=na, functions=functions, contrasts=contrasts)
    with CompileNotice(shown=True, has_bar=False):
        return fit_reml(design, reml=reml)
