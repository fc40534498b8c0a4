"""What the tables of a `RemlFit` need beside its estimates: tests of coefficients, sds of conditional modes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesmix.errors import ArgumentError
from bayesmix.modelling.reml_record import RemlFit
from bayesmix.numerics.ddf import KenwardRoger, Satterthwaite, degrees_of_freedom, kenward_roger, satterthwaite
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior
from bayesmix.numerics.gaussian.conditional import conditional

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoefficientTests:
    """`se` and `df`, both (p,): standard errors (Kenward and Roger's adjusted) and degrees of freedom."""

    se: Floats
    df: Floats


def ddf_record(fit: RemlFit, ddf: str) -> Satterthwaite | KenwardRoger:
    """What `numerics.ddf.degrees_of_freedom` and `f_test` take, by the method's name."""
    if ddf == "satterthwaite":
        return satterthwaite(products=fit.products, L=fit.L, sigma=fit.sigma, reml=fit.reml)
    if not fit.reml:
        raise ArgumentError(
            'ddf="kenward-roger" is for REML fits, and this one is by maximum likelihood; fit with reml=True, or take '
            'ddf="satterthwaite".'
        )
    return kenward_roger(products=fit.products, L=fit.L, sigma=fit.sigma)


def coefficient_tests(fit: RemlFit, ddf: str) -> CoefficientTests:
    """Standard errors and degrees of freedom of all coefficients."""
    p = len(fit.beta)
    if p == 0:
        return CoefficientTests(np.empty(0), np.empty(0))
    record = ddf_record(fit, ddf)
    df = np.array([degrees_of_freedom(record, contrast) for contrast in np.eye(p)])
    return CoefficientTests(np.sqrt(np.diag(record.covariance)), df)


def conditional_sds(fit: RemlFit) -> tuple[Floats, ...]:
    """Of every term (n_levels, k): sd of the effects given y with theta, sigma and beta held, as lme4's condVar."""
    held = CoefficientPrior(mean=fit.beta, sd=np.zeros(len(fit.beta)))
    found = conditional(products=fit.products, L=fit.L, sigma=fit.sigma, prior=held)
    return tuple(np.sqrt(np.diagonal(cov, axis1=1, axis2=2)) for cov in found.effect_covariances)
