"""Tests of linear hypotheses on the coefficients: degrees of freedom of t tests, and F tests."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.kenward_roger import KenwardRoger
from bayesmix.numerics.ddf.satterthwaite import Satterthwaite

_DEPENDENT = 1e-8  # as lmerTest: a hypothesis with this share of the largest variance follows from the others


@dataclass(frozen=True)
class ExactDegrees:
    """`covariance` (p, p) of coefficients and their `degrees` of freedom, which are known: those of least squares."""

    covariance: Floats
    degrees: float


@dataclass(frozen=True)
class FTest:
    """`statistic` with `numerator` and `denominator` degrees of freedom.

    Kenward and Roger's is already multiplied by their `scale`. Where nothing can be tested all is nan, the numerator 0.
    With too few levels for the contrasts their denominator may come out as 0 or less; the p value is nan then.
    """

    statistic: float
    numerator: int
    denominator: float
    p_value: float
    scale: float = 1.0

    @property
    def has_f(self) -> bool:
        """Whether there is an F distribution with these degrees of freedom."""
        return not self.denominator <= 0

    @property
    def f(self) -> float:
        """The statistic where it has a distribution, else nan."""
        return self.statistic if self.has_f else np.nan


Record = Satterthwaite | KenwardRoger | ExactDegrees


def degrees_of_freedom(record: Record, contrast: Floats) -> float:
    """Degrees of freedom of the t test of contrast'beta = 0.

    Both methods give 2 (l'Cl)^2 / (g'Ag). For Kenward and Roger's A comes from the expected information and C is
    unadjusted; the standard error to use is that of the adjusted `covariance`.

    Parameters
    ----------
    record
        From `satterthwaite` or `kenward_roger`, or an `ExactDegrees`.
    contrast
        Shape (p,), not all zeros.
    """
    if isinstance(record, ExactDegrees):
        return record.degrees
    covariance = record.unadjusted if isinstance(record, KenwardRoger) else record.covariance
    slopes = record.derivatives @ contrast @ contrast
    variance = contrast @ covariance @ contrast
    if not variance > 0:
        raise ValueError("The contrast is zero: it has no degrees of freedom.")
    uncertainty = slopes @ record.parameter_covariance @ slopes
    return float(2.0 * variance**2 / uncertainty) if uncertainty > 0 else np.inf


def f_test(record: Record, beta: Floats, contrasts: Floats) -> FTest:
    """F test of contrasts beta = 0.

    Parameters
    ----------
    record
        From `satterthwaite` or `kenward_roger`, or an `ExactDegrees`.
    beta
        Coefficients (p,).
    contrasts
        Shape (q, p); rows that follow from others do not count. Without rows nothing is tested.

    Raises
    ------
    ValueError
        All contrasts are zero.

    Notes
    -----
    Satterthwaite's denominator follows from those of q independent t tests, as in lmerTest. As there, it depends a
    little on how the hypothesis is written; Kenward and Roger's does not.
    """
    rows = np.atleast_2d(np.asarray(contrasts, dtype=float))
    if len(rows) == 0:
        return FTest(np.nan, 0, np.nan, np.nan)
    if isinstance(record, KenwardRoger):
        return _kenward_roger(record, beta, rows)
    return _satterthwaite(record, beta, rows)


def _satterthwaite(record: Satterthwaite | ExactDegrees, beta: Floats, rows: Floats) -> FTest:
    values, vectors = _independent(rows @ record.covariance @ rows.T)
    unit = _of_unit_variance(rows, record.covariance)
    of_unit, unit_vectors = _independent(unit @ record.covariance @ unit.T)
    if len(of_unit) > len(values):
        # Rows in units so far apart that some would count as dependent.
        rows, values, vectors = unit, of_unit, unit_vectors
    turned = vectors.T @ rows
    degrees = np.array([degrees_of_freedom(record, row) for row in turned])
    statistic = float(np.mean((turned @ beta) ** 2 / values))
    return _test(statistic, len(values), _combined(degrees))


def _of_unit_variance(rows: Floats, covariance: Floats) -> Floats:
    """The rows that are not zero, each a hypothesis of variance 1."""
    length = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    return rows[length > 0] / length[length > 0, None]


def _independent(covariance: Floats) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _DEPENDENT * max(values.max(initial=0.0), 0.0)
    if not kept.any():
        raise ValueError("All contrasts are zero: there is nothing to test.")
    return values[kept], vectors[:, kept]


def _combined(degrees: Floats) -> float:
    """The denominator for which F has the mean of averaged squared t statistics with these degrees of freedom."""
    if np.all(degrees == degrees[0]) or np.ptp(degrees) < 1e-8 * degrees.max():
        return float(degrees.mean())
    if np.any(degrees <= 2):
        return 2.0
    expected = np.sum(degrees / (degrees - 2))
    return float(2 * expected / (expected - len(degrees)))


def _kenward_roger(record: KenwardRoger, beta: Floats, rows: Floats) -> FTest:
    rows = _of_unit_variance(rows, record.unadjusted)
    values, vectors = _independent(rows @ record.unadjusted @ rows.T)
    # With the unadjusted covariance of these hypotheses the identity, Theta of the paper drops out.
    unit = (vectors / np.sqrt(values)).T @ rows
    q = len(unit)
    slopes = unit @ record.derivatives @ unit.T
    traces = np.trace(slopes, axis1=1, axis2=2)
    a1 = float(traces @ record.parameter_covariance @ traces)
    a2 = float(np.einsum("ij,ixy,jyx->", record.parameter_covariance, slopes, slopes))
    estimate = unit @ beta
    wald = float(estimate @ np.linalg.solve(unit @ record.covariance @ unit.T, estimate)) / q
    denominator, scale = _scaled(q, a1, a2)
    return _test(scale * wald, q, denominator, scale)


def _scaled(q: int, a1: float, a2: float) -> tuple[float, float]:
    """Denominator and scale for which F has the mean and variance of section 3 of the paper."""
    if q == 1:
        return 2.0 / a2, 1.0
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    below = 3 * q + 2 * (1 - g)
    v0 = 1 + g / below * b
    v1 = 1 - (q - g) / below * b
    v2 = 1 - (q + 2 - g) / below * b
    mean = 1 - a2 / q
    ratio = 1.0 if abs(mean) < 1e-14 and abs(v1) < 1e-14 else mean / v1
    rho = ratio**2 * (0.0 if abs(v0) < 1e-10 else v0) / v2 / q
    denominator = 4 + (q + 2) / (q * rho - 1)
    # As pbkrtest: near 2 the scale is 0 / 0.
    scale = 1.0 if abs(denominator - 2) < 0.01 else denominator * mean / (denominator - 2)
    return float(denominator), float(scale)


def _test(statistic: float, numerator: int, denominator: float, scale: float = 1.0) -> FTest:
    if np.isinf(denominator):
        p_value = chdtrc(numerator, numerator * statistic)
    else:
        p_value = fdtrc(numerator, denominator, statistic)
    return FTest(statistic, numerator, denominator, float(p_value), scale)
