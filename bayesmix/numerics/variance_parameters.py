"""From numbers on the whole line to the factors L_t of the group effects and sigma, and gradients back.

The vector theta holds, term after term, the k standard deviations and then the k (k - 1) / 2 partial correlations
of a term, row by row; the residual standard deviation is last. With z the partial correlations,

    L[j, i] = sd_j z_ji sqrt(prod over m < i of (1 - z_jm^2)),    L[j, j] = sd_j sqrt(prod over m < j of (1 - z_jm^2)).
"""

from math import log, sqrt

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel
from bayesmix.numerics.prior_densities import group_sd, partial_correlation, standard_deviation


def n_parameters(ks: Integers) -> int:
    """Length of theta for terms with `ks` columns."""
    return int((ks + ks * (ks - 1) // 2).sum()) + 1


@kernel(apart=True)
def factors(theta: Floats, ks: Integers, kinds: Integers, numbers: Floats, out: Floats) -> float:
    """Fill `out` with the lower triangles of the factors L_t, row after row, and log sigma; the log prior of theta.

    Parameters
    ----------
    theta
        Shape (n_parameters,).
    ks
        Columns of each term, shape (n_terms,).
    kinds, numbers
        Kind of the prior of each parameter, shape (n_parameters,), and its two numbers, shape (n_parameters, 2); for a
        partial correlation the shape of its Beta.
    out
        Shape (sum of k (k + 1) / 2, + 1).
    """
    last = len(theta) - 1
    sigma, _, log_prior, _ = standard_deviation(kinds[last], numbers[last, 0], numbers[last, 1], theta[last])
    out[len(out) - 1] = log(sigma)
    return log_prior + group_factors(theta, ks, kinds, numbers, log(sigma), out)


@kernel(apart=True)
def group_factors(
    theta: Floats, ks: Integers, kinds: Integers, numbers: Floats, log_sigma: float, out: Floats
) -> float:
    """As `factors`, for the group effects alone; `log_sigma` matters only to priors relative to sigma."""
    at, start = 0, 0
    log_prior = 0.0
    for k in ks:
        n_before = at + k
        for j in range(k):
            sd, _, density, _, _ = group_sd(
                kinds[at + j], numbers[at + j, 0], numbers[at + j, 1], theta[at + j], log_sigma
            )
            log_prior += density
            remaining = 1.0
            for i in range(j):
                p = n_before + j * (j - 1) // 2 + i
                z, rest, _, density, _ = partial_correlation(numbers[p, 0], theta[p])
                log_prior += density
                out[start + i] = sd * z * sqrt(remaining)
                remaining *= rest
            out[start + j] = sd * sqrt(remaining)
            start += j + 1
        at = n_before + k * (k - 1) // 2
    return log_prior


@kernel(apart=True)
def pull_back(
    theta: Floats,
    ks: Integers,
    kinds: Integers,
    numbers: Floats,
    gradient: Floats,
    out: Floats,
) -> None:
    """Fill `out` with the gradient of log density + log prior with respect to theta.

    `gradient` is that of the log density by the numbers that `factors` fills in.
    """
    last = len(theta) - 1
    sigma, slope, _, score = standard_deviation(kinds[last], numbers[last, 0], numbers[last, 1], theta[last])
    by_log_sigma = pull_back_groups(theta, ks, kinds, numbers, log(sigma), gradient, out)
    out[last] = (gradient[len(gradient) - 1] + by_log_sigma) * slope / sigma + score


@kernel(apart=True)
def pull_back_groups(
    theta: Floats,
    ks: Integers,
    kinds: Integers,
    numbers: Floats,
    log_sigma: float,
    gradient: Floats,
    out: Floats,
) -> float:
    """As `pull_back`, for the group effects alone; returns the derivative of their priors by log sigma."""
    at, start = 0, 0
    by_log_sigma = 0.0
    for k in ks:
        n_before = at + k
        for j in range(k):
            sd, slope, _, score, of_sigma = group_sd(
                kinds[at + j], numbers[at + j, 0], numbers[at + j, 1], theta[at + j], log_sigma
            )
            by_log_sigma += of_sigma
            # Forward: what remains of the row's unit length before each partial correlation.
            remaining = np.ones(j + 1)
            first = n_before + j * (j - 1) // 2
            for i in range(j):
                _, rest, _, _, _ = partial_correlation(numbers[first + i, 0], theta[first + i])
                remaining[i + 1] = remaining[i] * rest
            along = gradient[start + j] * sqrt(remaining[j])
            # Backward: `from_right` is the gradient with respect to what remains, times what remains.
            from_right = 0.5 * sd * gradient[start + j] * sqrt(remaining[j])
            for i in range(j - 1, -1, -1):
                z, rest, z_slope, _, z_score = partial_correlation(numbers[first + i, 0], theta[first + i])
                scaled_slope = gradient[start + i] * sqrt(remaining[i])
                along += scaled_slope * z
                # d(1 - z^2)/dx / (1 - z^2) = -2 z dz/dx / (1 - z^2) = -z
                out[first + i] = sd * scaled_slope * z_slope - z * from_right + z_score
                from_right += 0.5 * sd * scaled_slope * z
            out[at + j] = slope * along + score
            start += j + 1
        at = n_before + k * (k - 1) // 2
    return by_log_sigma
