"""The density of draws at a point, by a normal curve that is fitted about the point."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats

_WIDTHS = (0.4, 0.28)  # of the kernel, in sds of the draws; that both agree shows that the curve fits
_FEWEST = 100  # draws within the kernel
_BLOCKS = 40


@dataclass(frozen=True)
class Density:
    """The natural logarithm of a density with its Monte Carlo `error`; nan, with the `reason`, where there is none."""

    log: float
    error: float
    reason: str = ""


def local_density(draws: Floats, point: float) -> Density:
    """Log density at `point` of draws by chain, (n_chains, n_draws).

    Near the point the logarithm of the density is taken as a parabola, whose three numbers are found from the kernel's
    total, mean and variance: exact if the density is normal, whatever the width of the kernel. The error has the spread
    between blocks of draws, and twice the difference between two widths, of which one is 0.7 of the other: where the
    parabola does not fit, what is left of its bias is about as large.

    References
    ----------
    Loader (1996), doi:10.1214/aos/1032298287
    """
    spread = float(draws.std())
    if not spread > 0 or not np.isfinite(spread):
        return Density(np.nan, np.nan, "the draws do not vary")
    away = (draws - point) / spread
    near = np.exp(-0.5 * (away / _WIDTHS[1]) ** 2)
    n_near = float(near.sum() ** 2 / np.sum(near**2)) if near.sum() > 1 else 0.0
    if n_near < _FEWEST:
        return Density(np.nan, np.nan, f"only {n_near:.0f} draws lie near the point, fewer than {_FEWEST}")
    blocks = _blocks(away)
    wide, narrow = (_fitted(*_sums(blocks, width).sum(axis=1), n=blocks.size) for width in _WIDTHS)
    error = float(np.hypot(_jackknife(blocks), 2 * abs(wide - narrow)))
    if not np.isfinite(error):
        return Density(np.nan, np.nan, "the draws near the point are too few")
    return Density(float(wide - np.log(spread)), error)


def _blocks(away: Floats) -> Floats:
    """The draws in blocks of neighbours, (n_blocks, size); a rest that fills no block joins none."""
    per_chain = max(1, _BLOCKS // len(away))
    size = max(1, away.shape[1] // per_chain)
    return away[:, : per_chain * size].reshape(-1, size)


def _sums(blocks: Floats, width: float) -> Floats:
    """The kernel's sums of 1, u and u^2 in each block, (3, n_blocks)."""
    weights = np.exp(-0.5 * (blocks / width) ** 2)
    return np.stack([np.sum(weights * blocks**power, axis=1) for power in range(3)])


def _fitted(total: float, first: float, second: float, *, n: int) -> float:
    """log f(0): kernel times exp(a u - b u^2 / 2) is normal, with this mean and variance."""
    mean = first / total
    variance = second / total - mean**2
    return float(np.log(total / n) - 0.5 * np.log(2 * np.pi * variance) - 0.5 * mean**2 / variance)


def _jackknife(blocks: Floats) -> float:
    """Standard error by leaving out each block in turn."""
    sums = _sums(blocks, _WIDTHS[0])
    n_blocks = blocks.shape[0]
    rest = sums.sum(axis=1, keepdims=True) - sums
    left = [_fitted(*one, n=blocks.size - blocks.shape[1]) for one in rest.T]
    return float(np.sqrt((n_blocks - 1) * np.var(left)))
