"""Row by row the log density of counts and its derivative by the linear predictor, compiled to work on four at a time.

exp and log are written out as polynomials, which a compiler turns into instructions on vectors; calls of the library's
own functions would take three times as long, and they are where the time of a gradient goes.
"""

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.row_codes import POISSON_LOG

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 x 2^52: a sum with it is rounded to a whole number, which stands in the lowest bits
_LARGEST = 708.0


@kernel(fastmath={"contract"})
def exponential(x: Floats, out: Floats) -> None:
    """`out` = exp(x), x held between -708 and 708; relative error below 4e-16.

    exp(x) = 2^k exp(r) with a whole k and |r| <= log(2) / 2, where Taylor's series needs 13 terms.
    """
    n = x.shape[0]
    shifted, rest = np.empty(n), np.empty(n)
    for i in range(n):
        held = min(max(x[i], -_LARGEST), _LARGEST)
        shifted[i] = held * _LOG2_E + _ROUND
        k = shifted[i] - _ROUND
        rest[i] = (held - k * _LN2_HIGH) - k * _LN2_LOW
    powers = shifted.view(np.int64)
    for i in range(n):
        powers[i] = (powers[i] + 1023) << 52
    for i in range(n):
        r = rest[i]
        series = 1.0 / 479001600.0
        series = series * r + 1.0 / 39916800.0
        series = series * r + 1.0 / 3628800.0
        series = series * r + 1.0 / 362880.0
        series = series * r + 1.0 / 40320.0
        series = series * r + 1.0 / 5040.0
        series = series * r + 1.0 / 720.0
        series = series * r + 1.0 / 120.0
        series = series * r + 1.0 / 24.0
        series = series * r + 1.0 / 6.0
        series = series * r + 0.5
        series = series * r + 1.0
        series = series * r + 1.0
        out[i] = series * shifted[i]


@kernel(fastmath={"contract"})
def log_one_plus(x: Floats, out: Floats) -> None:
    """`out` = log(1 + x) for x from 0 to 1; relative error below 4e-16.

    log(1 + x) = 2 artanh(s) with s = x / (2 + x) <= 1 / 3, by its series in s^2.
    """
    for i in range(x.shape[0]):
        s = x[i] / (2.0 + x[i])
        q = s * s
        r = q * q
        # Even and odd powers of q apart: a processor works on both chains at the same time.
        even, odd = 1.0 / 33.0, 1.0 / 31.0
        even, odd = even * r + 1.0 / 29.0, odd * r + 1.0 / 27.0
        even, odd = even * r + 1.0 / 25.0, odd * r + 1.0 / 23.0
        even, odd = even * r + 1.0 / 21.0, odd * r + 1.0 / 19.0
        even, odd = even * r + 1.0 / 17.0, odd * r + 1.0 / 15.0
        even, odd = even * r + 1.0 / 13.0, odd * r + 1.0 / 11.0
        even, odd = even * r + 1.0 / 9.0, odd * r + 1.0 / 7.0
        even, odd = even * r + 1.0 / 5.0, odd * r + 1.0 / 3.0
        out[i] = 2.0 * s * (even * r + odd * q + 1.0)


@kernel(fastmath={"contract"})
def row_densities(code: int, eta: Floats, y: Floats, trials: Floats, score: Floats) -> float:
    """The sum of the rows' log densities, without their constants; fills `score` with its derivative by eta.

    Parameters
    ----------
    eta, y, trials, score
        Shape (n_rows,). `trials` of a Poisson row: how many rows of data it stands for, y being their sum.
    """
    n = eta.shape[0]
    density = np.empty(n)
    if code == POISSON_LOG:
        exponential(eta, score)
        for i in range(n):
            mean = trials[i] * score[i]
            density[i] = y[i] * eta[i] - mean
            score[i] = y[i] - mean
        return _total(density)
    below = np.empty(n)
    for i in range(n):
        below[i] = -abs(eta[i])
    tail, rest = np.empty(n), np.empty(n)
    exponential(below, tail)
    log_one_plus(tail, rest)
    for i in range(n):
        density[i] = y[i] * eta[i] - trials[i] * (max(eta[i], 0.0) + rest[i])
        smaller = tail[i] / (1.0 + tail[i])
        share = 1.0 - smaller if eta[i] >= 0.0 else smaller
        score[i] = y[i] - trials[i] * share
    return _total(density)


@kernel
def _total(values: Floats) -> float:
    """Sum in four parts, which a processor adds at the same time."""
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
