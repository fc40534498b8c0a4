"""What each level of a group says on its own: the limit of partial pooling when the group's variance is without bound.

For the levels j of a group, with z (k,) a row of the columns that vary by it and x (p,) one of the fixed part:

    BLUE  x'beta + z'b_j,  b_j fixed, other random terms with the variances of the REML fit
    BLUP  x'beta + z'b_j,  b_j random

Both are compared at the same x: what varies within levels is held at its mean; what the level's own columns determine
(the level's treatment, or Days where Days varies by level) follows from z.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr, solve_triangular

from bayesmix.arrays import Flags, Floats, Positions
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import GroupTerm
from bayesmix.formula.level_rows import level_rows
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.conditional import conditional
from bayesmix.numerics.gaussian.cross_products import cross_products

_BOUNDLESS = 1e6  # sds of the response: what stands for a variance without bound costs 1e-12 of a level's estimate
_DETERMINED = 1e-9  # of the spread of a column within all levels: with less in one level that has no slope of its own
_INDEPENDENT = 1e-7


@dataclass(frozen=True)
class NoPooling:
    """The levels of `group` alone.

    `names` (k,): what varies by the group, the intercept first if it does, and `means` (k,) of these columns over all
    rows; `coefficients` (n_levels, k): each level's own, the intercept with the offset, nan in a level that does not
    determine them all, or whose mean is not estimable, as in a treatment of which a cell is empty; `fixed_rows`
    (n_levels, k, p): beside the row z of the group's columns stands the row z'fixed_rows[j] of the fixed part, and
    without an intercept what is the same in all z. `offset`: the mean offset. `count` (n_levels,), rows.
    """

    group: str
    names: tuple[str, ...]
    means: Floats
    coefficients: Floats
    fixed_rows: Floats
    offset: float
    count: Positions


def no_pooling(fit: RemlFit, group: str) -> NoPooling:
    """Estimates of each level with the group's effects fixed.

    Other random terms keep the variances of `fit`, so that with one grouping factor these are least squares, and with
    more the best linear unbiased estimates under these variances.
    """
    design = fit.design
    of_group = [term for term in design.random if term.group == group]
    names = [name for term in of_group for name in term.names]
    order = sorted(range(len(names)), key=lambda i: names[i] != "Intercept")
    columns = np.concatenate([term.columns for term in of_group], axis=1)[:, order]
    means = columns.mean(axis=0)
    intercept = "Intercept" in names
    within = _within_levels(of_group[0], columns, design.fixed.matrix, intercept=intercept)
    free, held = _free_columns(within.remainder, design.fixed.matrix)
    fixed_rows = within.regression - within.regression[:, :, free] @ held
    # Beside slopes alone the intercept is a column of the fixed part like others, and nothing is taken from its mean.
    middle = design.fixed.matrix[:, free].mean(axis=0) * intercept
    beta, coefficients = _estimates(fit, group, design.fixed.matrix[:, free] - middle)
    coefficients = coefficients[:, order]
    if intercept:
        every_column = level_rows(design, of_group[0])
        dependence = design.fixed.dependence
        at = (every_column if dependence is None else every_column[:, list(dependence.kept)])[:, free]
        fixed_rows[:, 0] += at @ held
        coefficients[:, 0] += design.offset.mean() + (at - middle) @ beta - coefficients[:, 1:] @ means[1:]
        known = estimable_rows(design, every_column)
        coefficients[~known], fixed_rows[~known] = np.nan, np.nan
    coefficients[~within.determined] = np.nan
    return NoPooling(
        group=group,
        names=tuple(names[i] for i in order),
        means=means,
        coefficients=coefficients,
        fixed_rows=fixed_rows,
        offset=float(design.offset.mean()),
        count=np.bincount(of_group[0].index, minlength=of_group[0].n_levels),
    )


@dataclass(frozen=True)
class _Within:
    """X regressed on the group's columns within each level.

    `regression` (n_levels, k, p), `remainder` (n_obs, p); `determined` (n_levels,): the columns of the level are
    independent. Where they are not, slopes are those within all levels.
    """

    regression: Floats
    remainder: Floats
    determined: Flags


def _within_levels(term: GroupTerm, columns: Floats, fixed: Floats, *, intercept: bool) -> _Within:
    if not intercept:
        return _regressed(term, columns, fixed)
    index, n_levels = term.index, term.n_levels
    count = np.bincount(index, minlength=n_levels)
    # From the mean of all first: a year as covariate must not cost the digits of its spread.
    z_mean, x_mean = columns[:, 1:].mean(axis=0), fixed.mean(axis=0)
    z, x = columns[:, 1:] - z_mean, fixed - x_mean
    z_level, x_level = (_level_sums(index, values, n_levels) / count[:, None] for values in (z, x))
    within = _regressed(term, z - z_level[index], x - x_level[index])
    intercepts = x_mean + x_level - np.einsum("js,jsp->jp", z_mean + z_level, within.regression)
    return replace(within, regression=np.concatenate([intercepts[:, None], within.regression], axis=1))


def _regressed(term: GroupTerm, z: Floats, x: Floats) -> _Within:
    """`x` (n_obs, p) regressed on the columns of `z` (n_obs, s) in each level, without an intercept."""
    index, n_levels, n_slopes = term.index, term.n_levels, z.shape[1]
    count = np.bincount(index, minlength=n_levels)
    scale = np.sqrt(np.mean(z**2, axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    z = z / scale
    pairs = z[:, :, None] * z[:, None, :]
    squares = _level_sums(index, pairs.reshape(len(z), -1), n_levels).reshape(n_levels, n_slopes, n_slopes)
    values, vectors = np.linalg.eigh(squares)
    known = values > _DETERMINED * count[:, None]
    scaled = vectors * np.where(known, 1 / np.where(known, values, 1.0), 0.0)[:, None, :]
    inverses = scaled @ vectors.transpose(0, 2, 1)
    slopes = np.broadcast_to(np.linalg.lstsq(z, x, rcond=None)[0], (n_levels, n_slopes, x.shape[1])).copy()
    remainder = x - np.einsum("ns,nsp->np", z, slopes[index]) if n_slopes else x
    # What the slopes within all levels leave is taken off level by level, twice for the last digits.
    for _ in range(2 if n_slopes else 0):
        products = (z[:, :, None] * remainder[:, None, :]).reshape(len(z), -1)
        more = inverses @ _level_sums(index, products, n_levels).reshape(n_levels, n_slopes, -1)
        slopes += more
        remainder = remainder - np.einsum("ns,nsp->np", z, more[index])
    return _Within(slopes / scale[:, None], remainder, known.all(axis=1))


def _level_sums(index: Positions, values: Floats, n_levels: int) -> Floats:
    """Sums of the rows of `values` (n_obs, m) by level, (n_levels, m)."""
    sums = [np.bincount(index, weights=column, minlength=n_levels) for column in values.T]
    return np.stack(sums, axis=1) if sums else np.zeros((n_levels, 0))


def _free_columns(remainder: Floats, fixed: Floats) -> tuple[list[int], Floats]:
    """Columns of X that vary beside the group's own, and how all others go with them: remainder = its free columns
    times `held` (n_free, p)."""
    size = np.sqrt(np.sum((fixed - fixed.mean(axis=0)) ** 2, axis=0))
    size = np.where(size > 0, size, np.sqrt(len(fixed)))
    p = fixed.shape[1]
    if p == 0:
        return [], np.zeros((0, 0))
    upper, order = qr(remainder / size, mode="r", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(upper)) > _INDEPENDENT))
    held = np.zeros((rank, p))
    held[:, order] = solve_triangular(upper[:rank, :rank], upper[:rank])
    free = list(order[:rank])
    return free, held * size / size[free][:, None]


def _estimates(fit: RemlFit, group: str, fixed: Floats) -> tuple[Floats, Floats]:
    """Coefficients of `fixed`, and effects (n_levels, k) of the group's columns, centred beside an intercept among
    them, with a variance without bound."""
    design = fit.design
    y = design.response.values - design.offset
    names = [name for term in design.random if term.group == group for name in term.names]
    centred = "Intercept" in names
    middle = y.mean() if centred else 0.0
    spread = float(np.std(y))
    terms, factors = [], []
    for term, L in zip(design.random, fit.L, strict=True):
        columns, factor = term.columns, L
        if term.group == group:
            intercept = np.array([name == "Intercept" for name in term.names])
            columns = np.where(intercept, columns, columns - columns.mean(axis=0) * centred)
            size = np.sqrt(np.mean(columns**2, axis=0))
            factor = np.diag(_BOUNDLESS * spread / np.where(size > 0, size, 1.0))
        terms.append(GroupColumns(term.index, columns, term.n_levels))
        factors.append(factor)
    products = cross_products(y=y - middle, X=fixed, terms=tuple(terms), weights=design.weights)
    moments = conditional(products=products, L=tuple(factors), sigma=fit.sigma)
    of_group = [effects for term, effects in zip(design.random, moments.effects, strict=True) if term.group == group]
    estimates = np.concatenate(of_group, axis=1)
    if centred:
        estimates[:, names.index("Intercept")] += middle
    return moments.beta, estimates
