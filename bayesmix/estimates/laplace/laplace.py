"""`laplace`: from a formula to maximum likelihood estimates of a mixed model for counts."""

from collections.abc import Callable, Mapping
from typing import Any

from bayesmix.compile_clock import CompileNotice
from bayesmix.errors import FamilyError
from bayesmix.estimates.laplace.fit_design import fit_laplace
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.families.censoring import refuse_censored
from bayesmix.families.family import Family, has_laplace_fit, read_family
from bayesmix.families.table import FAMILIES, FamilyText
from bayesmix.formula.contrasts import Contrasts
from bayesmix.formula.frame import Frame
from bayesmix.formula.matrices import build_design
from bayesmix.formula.missing import MissingRows
from bayesmix.formula.model_arguments import check_functions
from bayesmix.formula.parse import parse
from bayesmix.hints import with_hints


@with_hints
def laplace(
    formula: str,
    data: Frame,
    family: FamilyText | Family,
    *,
    weights: str | None = None,
    na: MissingRows = "drop",
    functions: Mapping[str, Callable[..., Any]] | None = None,
    contrasts: Contrasts | None = None,
) -> LaplaceFit:
    """Fit a binomial, Bernoulli or Poisson mixed model by maximum likelihood, as lme4's `glmer` with ``nAGQ = 1``.

    It is meant for comparison with the posterior of `fit`, and shows its failures as failures: look at ``converged``
    and ``reason``.

    Parameters
    ----------
    formula
        As for `glmer`: ``"cbind(incidence, size - incidence) ~ period + (1 | herd)"``; any formula that `fit` takes.
    data
        One row per observation. Text, true/false and Categorical columns are factors; one that is ordered has R's
        polynomial coding.
    family
        ``"bernoulli"``, ``"binomial"`` or ``"poisson"``; a link in parentheses: ``"binomial(probit)"``.
    weights
        For a binomial response that is a share, the column with the numbers of trials.
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
    LaplaceFit
        Coefficients, their covariance, standard deviations, conditional modes; prints like `summary(glmer)`.

    Raises
    ------
    FormulaError, DataError, DesignError, FamilyError, ArgumentError
        The one line of the message says what is wrong and what to do; nothing was fitted. Separated data are no error:
        the fit says which coefficients run away.

    Notes
    -----
    Laplace's approximation about their conditional modes integrates the group effects out, with the expected weights in
    its determinant, as in lme4; coefficients and variances are searched together, from several starts if that is
    cheap. Modes are computed to the last digit and the gradient is exact. With lme4's default `tolPwrss` of 1e-7 its
    deviance is up to 1e-3 and its standard errors are up to 1 % off; with ``tolPwrss = 1e-13`` it agrees with this.

    The approximation is poor for few binary responses per level, and sds are too small there; for levels that are
    nearly separated it is useless, and the fit says so. Without random terms the answer is that of R's `glm`.
    Columns of the fixed part that depend on others are left out, as `reml` leaves them out.

    The engine is our own: `glmm` (PyPI 0.6, Rust) is accurate and fast, and serves as a check, but has neither
    ``(0 + x | g)`` nor ``(x || g)`` nor slopes of a factor or of a variable that is no fixed effect.

    References
    ----------
    Bates, Mächler, Bolker & Walker (2015), doi:10.18637/jss.v067.i01

    Examples
    --------
    >>> cbpp = bm.load_data("cbpp")
    >>> fit = bm.laplace("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, "binomial")
    >>> round(fit.criterion, 4)
    184.0526
    """
    family = read_family(family)
    if not has_laplace_fit(family):
        instead = "use bm.reml" if family.is_gaussian_identity else "use bm.fit"
        fitted = " and ".join(name for name, record in FAMILIES.items() if record.laplace)
        raise FamilyError(f"laplace fits {fitted} models; for {family.name} {instead}.")
    if weights is not None and family.response != "proportion":
        raise FamilyError(
            f"Family {family.name!r} takes no weights (got {weights!r}): its variance follows from the mean. "
            'Repeat rows, or use family="binomial" for counts out of trials.'
        )
    check_functions(functions)
    parsed = parse(formula, functions or ())
    refuse_censored(parsed, "laplace")
    design = build_design(
        parsed,
        data,
        response=family.response,
        weights=weights,
        na=na,
        functions=functions,
        contrasts=contrasts,
    )
    with CompileNotice(shown=True, has_bar=False):
        return fit_laplace(design, family)
