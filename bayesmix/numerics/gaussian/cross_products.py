"""Reduction of the rows to the sums that the density needs, in bounded memory and without loss of digits.

Rows are read in chunks, four times: means and scales; least squares; products within levels; remainders. y is replaced
by its least-squares residual on X, columns of X are centred (beside an intercept) and scaled, and what the eliminated
term explains is subtracted row by row, so that sums of squares are never differences of large numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.effect_bases import typical_weight
from bayesmix.numerics.gaussian.arrangement import Arrangement, GroupColumns, arrange
from bayesmix.numerics.gaussian.residual import Residual, find_anchor
from bayesmix.numerics.gaussian.rows import (
    Met,
    add_level_products,
    add_moments,
    add_remainders,
    meet,
    root_levels,
    subtract_met,
)

_CHUNK = 1 << 15
_ROUNDING = 16 * float(np.finfo(float).eps)  # of the largest response, what y less a fit may be wrong by


class Arrays(NamedTuple):
    """The arrays of the compiled kernels. m: columns of the dense side without X; J, k: block 0; K: widest block.

    Within a level of block 0, Z = Q root. `root` (J, k, k), `level_fixed` (J, k, p + 1) = Q'[X, y];
    `met_start` (J + 1,), `met_column` (n_met,), `met_value` (n_met, k): the dense columns that a level meets, and Q' of
    them. `remainder` (m + p + 1, m + p + 1), lower triangle: products of [Z_others, X, y] less their share along Q.
    `shift` (n_blocks, K, K): columns as given = centred columns times it. `block_k`, `block_start` (n_blocks,);
    `dense_block`, `dense_first` (m,): a dense column's block, and the first column of its level.
    `entries` (n_theta, 3) as in `Arrangement`. `counts` (2,): n_obs and the sum of log weights.
    `anchor`, `rest`, `null`: as in `residual.Anchor`, empty unless the residual is small.
    """

    root: Floats
    level_fixed: Floats
    met_start: Integers
    met_column: Integers
    met_value: Floats
    remainder: Floats
    shift: Floats
    block_k: Integers
    block_start: Integers
    dense_block: Integers
    dense_first: Integers
    entries: Integers
    counts: Floats
    anchor: Floats
    rest: Floats
    null: Floats


@dataclass(frozen=True)
class Scaling:
    """Columns became (x - `centre`) / `scale`, both (k,). `intercept` is the position of the constant column, or -1."""

    centre: Floats
    scale: Floats
    intercept: int


@dataclass(frozen=True)
class CrossProducts:
    """The data, reduced to what the density needs.

    `n_obs` rows, `p` columns of X, `arrangement` of the terms, `arrays` for the kernels, `scaling` of X's columns;
    `least_squares` (p,) are the coefficients of the scaled columns that were subtracted from y, `residual` is what is
    left; `typical_weight` is the result of that function.
    """

    n_obs: int
    p: int
    arrangement: Arrangement
    arrays: Arrays
    scaling: Scaling
    least_squares: Floats
    residual: Residual
    typical_weight: float


@dataclass(frozen=True)
class _Rows:
    """The data as given, read a chunk at a time; rows are multiplied by the root of their weight."""

    y: Floats
    X: Floats
    terms: tuple[GroupColumns, ...]
    weights: Floats | None

    def chunks(self) -> Iterator[tuple[slice, Floats]]:
        for start in range(0, len(self.y), _CHUNK):
            part = slice(start, min(start + _CHUNK, len(self.y)))
            yield part, np.ones((part.stop - start, 1)) if self.weights is None else np.sqrt(self.weights[part, None])

    def fixed(self, part: slice) -> Floats:
        return np.ascontiguousarray(self.X[part], dtype=float)

    def block(self, part: slice, members: tuple[int, ...]) -> Floats:
        none = np.empty((part.stop - part.start, 0))
        return np.hstack([none, *(np.asarray(self.terms[t].columns[part], dtype=float) for t in members)])

    def index(self, part: slice, members: tuple[int, ...]) -> Integers:
        return np.asarray(self.terms[members[0]].index[part] if members else np.zeros(0), dtype=np.int64)


def cross_products(
    *, y: Floats, X: Floats, terms: tuple[GroupColumns, ...] = (), weights: Floats | None = None
) -> CrossProducts:
    """Reduce the rows to sums of products.

    Parameters
    ----------
    y
        Response less any offset (n_obs,).
    X
        Fixed part (n_obs, p); p may be 0.
    terms
        The random terms; terms with the same index (``||``) cost no more than one term.
    weights
        Positive prior weights (n_obs,), variance sigma^2 / weight; None for all 1.

    Returns
    -------
    CrossProducts
        Its size does not depend on n_obs. Memory grows with the square of the number of effects outside the largest
        factor.

    Notes
    -----
    The order of rows and the names of levels do not matter beyond rounding.
    """
    rows = _Rows(y, X, terms, weights)
    layout = arrange(terms)
    p = X.shape[1]
    x = _scaling((rows.fixed(part) for part, _ in rows.chunks()), p)
    least_squares = _least_squares(rows, x)
    blocks = [
        _scaling((rows.block(part, members) for part, _ in rows.chunks()), int(k))
        if k == layout.block_k[b]
        else Scaling(np.zeros(k), np.ones(k), -1)  # the columns of a spread term have no common level to be centred at
        for b, (members, k) in enumerate(zip(layout.block_terms, layout.row_k, strict=True))
    ]

    def fixed_part(part: slice, root_weight: Floats) -> Floats:
        scaled = (rows.fixed(part) - x.centre) / x.scale
        return np.column_stack([scaled, np.asarray(y[part], dtype=float) - scaled @ least_squares]) * root_weight

    k, n_levels = int(layout.block_k[0]), int(layout.block_levels[0])
    main = layout.block_terms[0]
    zz, zd = np.zeros((n_levels, k, k)), np.zeros((n_levels, k, p + 1))
    if k:
        for part, root_weight in rows.chunks():
            z = (rows.block(part, main) - blocks[0].centre) * root_weight
            add_level_products(rows.index(part, main), z, fixed_part(part, root_weight), zz, zd)
    root, coordinates, coefficients = np.zeros_like(zz), np.zeros_like(zd), np.zeros_like(zd)
    root_levels(zz, zd, root, coordinates, coefficients)

    def chunks_with_others() -> Iterator[tuple[Integers, Floats, list[tuple[Integers, Floats]], Floats]]:
        for part, root_weight in rows.chunks():
            others = [
                (rows.index(part, members), (rows.block(part, members) - blocks[b].centre) * root_weight)
                for b, members in enumerate(layout.block_terms)
                if b > 0
            ]
            z = (rows.block(part, main) - blocks[0].centre) * root_weight
            yield rows.index(part, main), z, others, fixed_part(part, root_weight)

    m = layout.n_dense
    remainder = np.zeros((m + p + 1, m + p + 1))
    starts, widths = layout.block_start[1:], layout.row_k[1:]

    def dense_values(n_rows: int, others: list[tuple[Integers, Floats]]) -> tuple[Integers, Floats]:
        columns = [s + i[:, None] * w + np.arange(w) for (i, _), s, w in zip(others, starts, widths, strict=True)]
        return (
            np.hstack([np.empty((n_rows, 0), dtype=np.int64), *columns]),
            np.hstack([np.empty((n_rows, 0)), *(values for _, values in others)]),
        )

    for index, z, others, fixed in chunks_with_others():
        add_remainders(index, z, fixed, coefficients, *dense_values(len(z), others), remainder)
    # Sums of squares of every column, before block 0 takes its share.
    squares = np.diag(remainder).copy()
    squares[m:] += np.sum(coordinates**2, axis=(0, 1))
    met = meet(chunks_with_others, layout, root) if m and k else Met.none(n_levels, k)
    subtract_met(met.start, met.column, met.value, remainder)

    def rest_of(anchor: Floats) -> Floats:
        """Products with y - [Z_others, X] anchor, block 0 projected off row by row."""

        def residuals() -> Iterator[tuple[Integers, Floats, Integers, Floats, Floats]]:
            for index, z, others, fixed in chunks_with_others():
                columns, values = dense_values(len(z), others)
                fixed[:, p] -= fixed[:, :p] @ anchor[m:] + np.sum(values * anchor[columns], axis=1)
                yield index, z, columns, values, fixed

        sums = np.zeros_like(zd)
        for index, z, _, _, fixed in residuals():
            add_level_products(index, z, fixed, np.zeros_like(zz), sums)
        coefficients_of_rest = np.zeros_like(zd)
        root_levels(zz, sums, np.zeros_like(root), np.zeros_like(zd), coefficients_of_rest)
        products = np.zeros_like(remainder)
        for index, z, columns, values, fixed in residuals():
            add_remainders(index, z, fixed, coefficients_of_rest, columns, values, products)
        return products[m + p]

    fitted = find_anchor(remainder, squares, rest_of)
    dense_block = np.repeat(np.arange(1, len(starts) + 1), layout.block_k[1:] * layout.block_levels[1:])
    within = np.arange(m) - layout.block_start[dense_block]
    log_weights = 0.0 if weights is None else float(np.sum(np.log(weights)))
    arrays = Arrays(
        root=root,
        level_fixed=coordinates,
        met_start=met.start,
        met_column=met.column,
        met_value=met.value,
        remainder=remainder,
        shift=_shifts(layout, blocks),
        block_k=layout.block_k,
        block_start=layout.block_start,
        dense_block=dense_block.astype(np.int64),
        dense_first=(np.arange(m) - within % layout.block_k[dense_block]).astype(np.int64),
        entries=layout.entries,
        counts=np.array([float(len(y)), log_weights]),
        anchor=fitted.anchor,
        rest=fitted.rest,
        null=fitted.null,
    )
    rank = fitted.rank + int(np.count_nonzero(np.diagonal(root, axis1=1, axis2=2)))
    weight = float(len(y) if weights is None else np.sum(weights))
    rounding = weight * (_ROUNDING * float(np.max(np.abs(y), initial=0.0))) ** 2
    residual = Residual(fitted.left, float(squares[-1]), rounding, rank)
    return CrossProducts(len(y), p, layout, arrays, x, least_squares, residual, typical_weight(weights))


def _scaling(chunks: Iterable[Floats], width: int) -> Scaling:
    """Means if there is a constant column, else zeros, and the root mean squares about them."""
    n_obs, first = 0, np.zeros(width)
    total, squares = np.zeros(width), np.zeros(width)
    for columns in chunks:
        if n_obs == 0:
            first = columns[0].copy()
        add_moments(columns, first, total, squares)
        n_obs += len(columns)
    constant = np.flatnonzero((squares == 0) & (first != 0))
    intercept = int(constant[0]) if len(constant) else -1
    # Sums run over differences from the first row: a mean of 1e8 beside a spread of 1 keeps its digits.
    from_first = total / max(n_obs, 1)
    variance = np.maximum(squares / max(n_obs, 1) - from_first**2, 0.0)
    if intercept < 0:
        scale = np.sqrt(variance + (from_first + first) ** 2)
        return Scaling(np.zeros(width), np.where(scale > 0, scale, 1.0), intercept)
    centre, scale = from_first + first, np.sqrt(variance)
    scale[scale == 0] = 1.0
    centre[intercept], scale[intercept] = 0.0, first[intercept]
    return Scaling(centre, scale, intercept)


def _least_squares(rows: _Rows, x: Scaling) -> Floats:
    """Coefficients of y on the scaled columns. They only keep later sums small, so that any value nearby would do."""
    p = rows.X.shape[1]
    xx, xy = np.zeros((p, p)), np.zeros(p)
    for part, root_weight in rows.chunks():
        scaled = (rows.fixed(part) - x.centre) / x.scale * root_weight
        xx += scaled.T @ scaled
        xy += scaled.T @ (np.asarray(rows.y[part], dtype=float) * root_weight[:, 0])
    return np.linalg.lstsq(xx, xy, rcond=1e-12)[0] if p else xy


def _shifts(layout: Arrangement, blocks: list[Scaling]) -> Floats:
    """The A (K, K) of every block with columns = centred columns times A."""
    widest = max(1, int(layout.block_k.max()))
    shifts = np.zeros((len(blocks), widest, widest))
    for shift, block, k in zip(shifts, blocks, layout.block_k, strict=True):
        if block.intercept >= 0:
            shift[block.intercept, :k] = block.centre / block.scale[block.intercept]
        shift[range(k), range(k)] = 1.0
    return shifts
