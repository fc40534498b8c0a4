"""What the tables of a `RemlFit` need beside its estimates: tests of coefficients and terms, conditional sds."""

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.estimates.term_hypotheses import term_hypotheses
from bayesmix.numerics.ddf import (
    FTest,
    KenwardRoger,
    Satterthwaite,
    degrees_of_freedom,
    f_test,
    kenward_roger,
    satterthwaite,
)
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.parallel import one_blas_thread

_RECORDS: WeakKeyDictionary[RemlFit, dict[str, Satterthwaite | KenwardRoger]] = WeakKeyDictionary()


@dataclass(frozen=True)
class CoefficientTests:
    """`se` and `df`, both (p,): standard errors (Kenward and Roger's adjusted) and degrees of freedom."""

    se: Floats
    df: Floats


def ddf_record(fit: RemlFit, ddf: str) -> Satterthwaite | KenwardRoger:
    """What `numerics.ddf.degrees_of_freedom` and `f_test` take, by the method's name; worked out once for a fit.

    Raises
    ------
    ArgumentError
        Kenward and Roger's method for a fit by maximum likelihood, or more levels than memory allows.
    """
    if ddf == "kenward-roger" and not fit.reml:
        raise ArgumentError(
            'ddf="kenward-roger" is for REML fits, and this one is by maximum likelihood; fit with reml=True, or take '
            'ddf="satterthwaite".'
        )
    known = _RECORDS.setdefault(fit, {})
    if ddf not in known:
        with one_blas_thread():
            known[ddf] = _told(lambda: _worked_out(fit, ddf))
    return known[ddf]


def _worked_out(fit: RemlFit, ddf: str) -> Satterthwaite | KenwardRoger:
    if ddf == "satterthwaite":
        return satterthwaite(products=fit.products, L=fit.L, sigma=fit.sigma, reml=fit.reml)
    return kenward_roger(products=fit.products, L=fit.L, sigma=fit.sigma)


def _told[Value](work: Callable[[], Value]) -> Value:
    """What the numerics refuse, as an error of this package."""
    try:
        return work()
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def ddf_notes(fit: RemlFit, ddf: str) -> tuple[str, ...]:
    """What to know of the degrees of freedom, a sentence each; mostly nothing."""
    record, notes = ddf_record(fit, ddf), []
    if isinstance(record, Satterthwaite) and record.n_boundary:
        notes.append(
            "Satterthwaite's degrees of freedom take what is 0 at the boundary as known, and may be too many; "
            'ddf="kenward-roger" does not.'
        )
    if record.n_flat:
        directions = "a direction" if record.n_flat == 1 else f"{record.n_flat} directions"
        notes.append(
            f"The degrees of freedom leave out {directions} of the variance parameters of which the data tell nothing: "
            "do two random terms say the same?"
        )
    return tuple(notes)


def term_tests(fit: RemlFit, ddf: str, kind: int = 3) -> dict[str, FTest]:
    """F tests of the fixed terms of type 1, 2 or 3, by label."""
    contrasts = term_hypotheses(fit.design, kind)
    if not contrasts:
        return {}
    record = ddf_record(fit, ddf)
    return {label: f_test(record, fit.beta, rows) for label, rows in contrasts.items()}


def no_f_note(test: FTest) -> str:
    """Why a test by Kenward and Roger's method has no F; empty where it has one."""
    if test.has_f:
        return ""
    return (
        f"no F: Kenward and Roger's den_df is {test.denominator:.4g}, too few levels of groups stand against "
        f'{test.numerator} contrasts; take ddf="satterthwaite"'
    )


def coefficient_tests(fit: RemlFit, ddf: str) -> CoefficientTests:
    """Standard errors and degrees of freedom of all coefficients."""
    p = len(fit.beta)
    if p == 0:
        return CoefficientTests(np.empty(0), np.empty(0))
    record = ddf_record(fit, ddf)
    df = np.array([degrees_of_freedom(record, contrast) for contrast in np.eye(p)])
    return CoefficientTests(np.sqrt(np.diag(record.covariance)), df)


def conditional_sds(fit: RemlFit) -> tuple[Floats, ...]:
    """The sds (n_levels, k) of every term's effects given y, with theta, sigma and beta held, as lme4's condVar."""
    held = CoefficientPrior(mean=fit.beta, sd=np.zeros(len(fit.beta)))
    with one_blas_thread():
        moments = conditional(products=fit.products, L=fit.L, sigma=fit.sigma, prior=held)
    return tuple(np.sqrt(np.diagonal(cov, axis1=1, axis2=2)) for cov in moments.effect_covariances)
