"""Log density of one row of counts given its linear predictor, with derivatives, compiled and stable far out.

`first`, `second` and `count` as `rows` has them, `own` the family's own parameter: shape of a negative binomial (its
variance is mu + mu^2 / shape), phi of a beta-binomial (its Beta has parameters mu phi and (1 - mu) phi). What does not
depend on the linear predictor stands apart, in `apart_from_predictor`: it is needed once, not at every node.
"""

from math import erfc, exp, expm1, log, log1p, pi, sqrt

from bayesmix.numerics.gamma_ratios import log_rise, slope_of_rise
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.row_codes import (
    BETA_BINOMIAL_LOGIT,
    BINOMIAL_CLOGLOG,
    BINOMIAL_LOGIT,
    BINOMIAL_PROBIT,
    NEGATIVE_BINOMIAL_LOG,
    POISSON_LOG,
)
from bayesmix.numerics.variance_priors import log_logistic, logistic

_HALF_LOG_2PI = 0.5 * log(2 * pi)
_ROOT_HALF = sqrt(0.5)
_FAR = -30.0  # below it erfc loses its digits
_LARGEST = 700.0  # exp of more would overflow
_SMALL = 1e-5
_TINY = 1e-300


@kernel(error_model="numpy")
def log_density(code: int, eta: float, first: float, second: float, count: float, own: float) -> float:
    """Log density of a row, or of `count` identical ones."""
    if code == BINOMIAL_LOGIT:
        return first * log_logistic(eta) + second * log_logistic(-eta)
    if code == BINOMIAL_PROBIT:
        return first * log_normal_share(eta) + second * log_normal_share(-eta)
    if code == BINOMIAL_CLOGLOG:
        return first * _log_event(eta) - second * exp(min(eta, _LARGEST))
    if code == POISSON_LOG:
        return first * eta - second * exp(min(eta, _LARGEST))
    if code == NEGATIVE_BINOMIAL_LOG:
        x = eta - log(own)
        return count * (first * x + (first + own) * log_logistic(-x))
    up, down, _ = mean(code - BETA_BINOMIAL_LOGIT, eta)
    a, b = max(up * own, _TINY), max(down * own, _TINY)
    return count * (log_rise(a, first) + log_rise(b, second))


@kernel(error_model="numpy")
def with_slopes(
    code: int, eta: float, first: float, second: float, count: float, own: float
) -> tuple[float, float, float, float]:
    """Log density, its slope by eta, the information (minus the second derivative, of a beta-binomial roughly what is
    expected of it), and the slope by `own`."""
    if code == BINOMIAL_LOGIT:
        small = exp(-abs(eta))
        log_up, up, down = -log1p(small), 1.0 / (1.0 + small), small / (1.0 + small)
        if eta < 0.0:
            log_up, up, down = log_up + eta, down, up
        value = first * log_up + second * (log_up - eta)
        return value, first * down - second * up, (first + second) * up * down, 0.0
    if code == BINOMIAL_PROBIT:
        log_up, log_down = log_normal_share(eta), log_normal_share(-eta)
        density = -0.5 * eta * eta - _HALF_LOG_2PI
        # phi / Phi on both sides; d up / d eta = -up (eta + up), d down / d eta = down (down - eta)
        up, down = exp(density - log_up), exp(density - log_down)
        bend = first * up * (eta + up) + second * down * (down - eta)
        return first * log_up + second * log_down, first * up - second * down, bend, 0.0
    if code == BINOMIAL_CLOGLOG:
        rate = exp(min(eta, _LARGEST))
        ratio = 1.0 - rate / 2 if rate < _SMALL else (rate / expm1(rate) if rate < _LARGEST else 0.0)
        excess = rate / 2 if rate < _SMALL else rate + ratio - 1.0
        value = first * _log_event(eta) - second * rate
        return value, first * ratio - second * rate, first * ratio * excess + second * rate, 0.0
    if code == POISSON_LOG:
        expected = second * exp(min(eta, _LARGEST))
        return first * eta - expected, first - expected, expected, 0.0
    if code == NEGATIVE_BINOMIAL_LOG:
        x = eta - log(own)
        up, down, size = logistic(x), logistic(-x), first + own
        value = count * (first * x + size * log_logistic(-x))
        by_own = count * (log_logistic(-x) + (size * up - first) / own)
        return value, count * (first - size * up), count * size * up * down, by_own
    up, down, slope = mean(code - BETA_BINOMIAL_LOGIT, eta)
    a, b = max(up * own, _TINY), max(down * own, _TINY)
    value = count * (log_rise(a, first) + log_rise(b, second))
    from_up, from_down = slope_of_rise(a, first), slope_of_rise(b, second)
    trials = first + second
    information = slope * slope / max(up * down, _TINY) * trials * (own + 1.0) / (own + trials)
    by_own = up * from_up + down * from_down
    return value, count * own * slope * (from_up - from_down), count * information, count * by_own


@kernel(error_model="numpy")
def apart_from_predictor(code: int, first: float, second: float, count: float, own: float) -> tuple[float, float]:
    """What a row adds to the log density whatever its linear predictor, and the slope of that by `own`."""
    if code < NEGATIVE_BINOMIAL_LOG:
        return 0.0, 0.0
    if code == NEGATIVE_BINOMIAL_LOG:
        return count * log_rise(own, first), count * slope_of_rise(own, first)
    trials = first + second
    return -count * log_rise(own, trials), -count * slope_of_rise(own, trials)


@kernel(error_model="numpy")
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


@kernel(error_model="numpy")
def log_normal_share(x: float) -> float:
    """log Phi(x)."""
    if x > 0.0:
        return log1p(-0.5 * erfc(x * _ROOT_HALF))
    if x > _FAR:
        return log(0.5 * erfc(-x * _ROOT_HALF))
    # The asymptotic series of the tail: its next term is below 1e-11 here.
    r = 1.0 / (x * x)
    return -0.5 * x * x - _HALF_LOG_2PI - log(-x) + log1p(r * (-1.0 + r * (3.0 + r * (-15.0 + r * 105.0))))


@kernel(error_model="numpy")
def _log_event(eta: float) -> float:
    """log(1 - exp(-exp(eta)))."""
    if eta > _LARGEST:
        return 0.0
    rate = exp(eta)
    return eta - rate / 2 + rate * rate / 24 if rate < _SMALL else log(-expm1(-rate))
