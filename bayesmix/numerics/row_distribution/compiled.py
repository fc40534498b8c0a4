"""Log densities of counts in compiled code, stable far out: of one row with its derivatives, and of all rows at once.

A row is known by the code of its family and link (`numerics.row_codes`), its linear predictor eta, three numbers
`first`, `second` and `count` as `level_quadrature.rows` has them, and `auxiliary`, the family's further parameter: the
shape of a negative binomial (its variance is mu + mu^2 / shape), or phi of a beta-binomial (the probability is Beta(mu
phi, (1 - mu) phi)). Terms without eta stand apart, in `apart_from_predictor`: they are needed once, not at every node
of a quadrature.

`row_densities` is for the joint density, whose gradient spends its time there: it works on four rows at a time, with
exp and log of `numerics.vector_functions`; calls of the library's functions would take three times as long.
"""

from math import erfc, exp, expm1, log, log1p, pi, sqrt

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics import row_codes as codes
from bayesmix.numerics.gamma_ratios import log_rise, slope_of_rise
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_densities import log_logistic, logistic
from bayesmix.numerics.vector_functions import exp_all, log_one_plus

_HALF_LOG_2PI = 0.5 * log(2 * pi)
_ROOT_HALF = sqrt(0.5)
_FAR = -30.0  # below it erfc loses its digits
_LARGEST = 700.0  # exp of more would overflow
_SMALL = 1e-5
_TINY = 1e-300


@kernel
def log_density(code: int, eta: float, first: float, second: float, count: float, auxiliary: float) -> float:
    """Log density of a row, or of `count` identical ones."""
    if code == codes.BINOMIAL_LOGIT:
        return first * log_logistic(eta) + second * log_logistic(-eta)
    if code == codes.BINOMIAL_PROBIT:
        return first * log_normal_share(eta) + second * log_normal_share(-eta)
    if code == codes.BINOMIAL_CLOGLOG:
        return first * _log_event(eta) - second * exp(min(eta, _LARGEST))
    if code == codes.POISSON_LOG:
        return first * eta - second * exp(min(eta, _LARGEST))
    if code == codes.NEGATIVE_BINOMIAL_LOG:
        x = eta - log(auxiliary)
        return count * (first * x + (first + auxiliary) * log_logistic(-x))
    up, down, _ = mean(code - codes.BETA_BINOMIAL_LOGIT, eta)
    a, b = max(up * auxiliary, _TINY), max(down * auxiliary, _TINY)
    return count * (log_rise(a, first) + log_rise(b, second))


@kernel
def with_slopes(
    code: int, eta: float, first: float, second: float, count: float, auxiliary: float
) -> tuple[float, float, float, float]:
    """Log density, its slope by eta, the information, and the slope by `auxiliary`.

    The information is minus the second derivative by eta, for a beta-binomial nearly the expected one.
    """
    if code == codes.BINOMIAL_LOGIT:
        small = exp(-abs(eta))
        log_up, up, down = -log1p(small), 1.0 / (1.0 + small), small / (1.0 + small)
        if eta < 0.0:
            log_up, up, down = log_up + eta, down, up
        value = first * log_up + second * (log_up - eta)
        return value, first * down - second * up, (first + second) * up * down, 0.0
    if code == codes.BINOMIAL_PROBIT:
        log_up, log_down = log_normal_share(eta), log_normal_share(-eta)
        density = -0.5 * eta * eta - _HALF_LOG_2PI
        # phi / Phi on both sides; d up / d eta = -up (eta + up), d down / d eta = down (down - eta)
        up, down = exp(density - log_up), exp(density - log_down)
        bend = first * up * (eta + up) + second * down * (down - eta)
        return first * log_up + second * log_down, first * up - second * down, bend, 0.0
    if code == codes.BINOMIAL_CLOGLOG:
        rate = exp(min(eta, _LARGEST))
        ratio = 1.0 - rate / 2 if rate < _SMALL else (rate / expm1(rate) if rate < _LARGEST else 0.0)
        excess = rate / 2 if rate < _SMALL else rate + ratio - 1.0
        value = first * _log_event(eta) - second * rate
        return value, first * ratio - second * rate, first * ratio * excess + second * rate, 0.0
    if code == codes.POISSON_LOG:
        expected = second * exp(min(eta, _LARGEST))
        return first * eta - expected, first - expected, expected, 0.0
    if code == codes.NEGATIVE_BINOMIAL_LOG:
        x = eta - log(auxiliary)
        up, down, size = logistic(x), logistic(-x), first + auxiliary
        value = count * (first * x + size * log_logistic(-x))
        by_auxiliary = count * (log_logistic(-x) + (size * up - first) / auxiliary)
        return value, count * (first - size * up), count * size * up * down, by_auxiliary
    up, down, slope = mean(code - codes.BETA_BINOMIAL_LOGIT, eta)
    a, b = max(up * auxiliary, _TINY), max(down * auxiliary, _TINY)
    value = count * (log_rise(a, first) + log_rise(b, second))
    from_up, from_down = slope_of_rise(a, first), slope_of_rise(b, second)
    trials = first + second
    information = slope * slope / max(up * down, _TINY) * trials * (auxiliary + 1.0) / (auxiliary + trials)
    by_auxiliary = up * from_up + down * from_down
    return value, count * auxiliary * slope * (from_up - from_down), count * information, count * by_auxiliary


@kernel
def apart_from_predictor(code: int, first: float, second: float, count: float, auxiliary: float) -> tuple[float, float]:
    """The terms of a row's log density without its linear predictor, and their slope by `auxiliary`."""
    if code < codes.NEGATIVE_BINOMIAL_LOG:
        return 0.0, 0.0
    if code == codes.NEGATIVE_BINOMIAL_LOG:
        return count * log_rise(auxiliary, first), count * slope_of_rise(auxiliary, first)
    trials = first + second
    return -count * log_rise(auxiliary, trials), -count * slope_of_rise(auxiliary, trials)


@kernel
def mean(link: int, eta: float) -> tuple[float, float, float]:
    """Probability, its complement, and the slope of the probability; links logit, probit, cloglog are 0, 1, 2."""
    if link == 0:
        up, down = logistic(eta), logistic(-eta)
        return up, down, up * down
    if link == 1:
        return 0.5 * erfc(-eta * _ROOT_HALF), 0.5 * erfc(eta * _ROOT_HALF), exp(-0.5 * eta * eta - _HALF_LOG_2PI)
    rate = exp(min(eta, _LARGEST))
    down = exp(-rate)
    return -expm1(-rate), down, rate * down


@kernel
def log_normal_share(x: float) -> float:
    """log Phi(x)."""
    if x > 0.0:
        return log1p(-0.5 * erfc(x * _ROOT_HALF))
    if x > _FAR:
        return log(0.5 * erfc(-x * _ROOT_HALF))
    # The asymptotic series of the tail: its next term is below 1e-11 here.
    r = 1.0 / (x * x)
    return -0.5 * x * x - _HALF_LOG_2PI - log(-x) + log1p(r * (-1.0 + r * (3.0 + r * (-15.0 + r * 105.0))))


@kernel
def _log_event(eta: float) -> float:
    """log(1 - exp(-exp(eta)))."""
    if eta > _LARGEST:
        return 0.0
    rate = exp(eta)
    return eta - rate / 2 + rate * rate / 24 if rate < _SMALL else log(-expm1(-rate))


@kernel(apart=True, fastmath={"contract"})
def row_densities(code: int, eta: Floats, y: Floats, trials: Floats, score: Floats) -> float:
    """The sum of the rows' log densities, without their constants; fills `score` with its derivative by eta.

    Parameters
    ----------
    eta, y, trials, score
        Shape (n_rows,). `trials` of a Poisson row: how many rows of data it stands for, y being their sum.
    """
    n = eta.shape[0]
    density = np.empty(n)
    if code == codes.POISSON_LOG:
        exp_all(eta, n, score)
        for i in range(n):
            mean = trials[i] * score[i]
            density[i] = y[i] * eta[i] - mean
            score[i] = y[i] - mean
        return _total(density)
    below = np.empty(n)
    for i in range(n):
        below[i] = -abs(eta[i])
    tail, rest = np.empty(n), np.empty(n)
    exp_all(below, n, tail)
    log_one_plus(tail, rest)
    for i in range(n):
        density[i] = y[i] * eta[i] - trials[i] * (max(eta[i], 0.0) + rest[i])
        smaller = tail[i] / (1.0 + tail[i])
        share = 1.0 - smaller if eta[i] >= 0.0 else smaller
        score[i] = y[i] - trials[i] * share
    return _total(density)


@kernel
def _total(values: Floats) -> float:
    """The sum, in four parts that a processor adds at the same time."""
    n = values.shape[0]
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, n - 3, 4):
        a += values[i]
        b += values[i + 1]
        c += values[i + 2]
        d += values[i + 3]
    for i in range(n - n % 4, n):
        a += values[i]
    return (a + b) + (c + d)
