"""Coordinates for the search over theta = L / sigma: columns orthogonal and of unit size, directions that can turn.

A term's effects b = U c, with U (k, k) its basis, have the columns Z U: any basis gives the same model. Orthogonal
columns of unit size make theta of order one whatever the units and the origin of a covariate. Bases are turned so that
the covariance is diagonal, largest variance first: an effect without variance is then a last column of zeros.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import WorkingPrior, working_prior
from bayesmix.numerics.gaussian.cross_products import Arrays, CrossProducts
from bayesmix.numerics.gaussian.profiled import held_coefficients, profiled_gradient, profiled_value

Floats = NDArray[np.float64]

_CHUNK = 1 << 15
_DEPENDENT = 1e-10


@dataclass(frozen=True)
class Coordinates:
    """`bases`, one (k, k) a term; `arrays` the data seen in them; priors and `restricted` as `profiled` takes them."""

    products: CrossProducts
    bases: tuple[Floats, ...]
    arrays: Arrays
    prior: WorkingPrior
    covariance_prior: WorkingPrior
    restricted: bool

    @property
    def n_theta(self) -> int:
        return len(self.arrays.entries)


def unit_bases(terms: tuple[GroupColumns, ...], typical_weight: float = 1.0) -> tuple[Floats, ...]:
    """For every term U (k, k) with columns Z U orthogonal, of mean square 1; dependent columns are scaled alone.

    Of mean square 1 once multiplied by the root of `typical_weight`: sigma is in units of that root, and theta would be
    too.
    """
    root_weight = np.sqrt(typical_weight)
    bases = []
    for term in terms:
        triangle, scale = np.zeros((0, term.k)), _root_mean_square(term.columns)
        for start in range(0, len(term.columns), _CHUNK):
            part = np.asarray(term.columns[start : start + _CHUNK], dtype=float) / scale
            triangle = np.linalg.qr(np.vstack([triangle, part]), mode="r")
        triangle = triangle / np.sqrt(max(len(term.columns), 1))
        independent = triangle.shape[0] == term.k and np.abs(np.diag(triangle)).min() > _DEPENDENT
        turn = np.linalg.inv(triangle) if independent else np.eye(term.k)
        bases.append(turn / scale[:, None] / root_weight)
    return tuple(bases)


def _root_mean_square(columns: Floats) -> Floats:
    largest = np.abs(columns).max(axis=0, initial=0.0).astype(float)
    largest[largest == 0] = 1.0
    squares = sum(
        (np.square(columns[start : start + _CHUNK] / largest).sum(axis=0) for start in range(0, len(columns), _CHUNK)),
        start=np.zeros(columns.shape[1]),
    )
    size = largest * np.sqrt(squares / max(len(columns), 1))
    return np.where(size > 0, size, 1.0)


def in_bases(products: CrossProducts, bases: tuple[Floats, ...], *, restricted: bool) -> Coordinates:
    """The data as the terms' columns times `bases`."""
    arrays, layout = products.arrays, products.arrangement
    shift = arrays.shift.copy()
    for number, members in enumerate(layout.block_terms):
        of_block = np.zeros_like(shift[number])
        for t in members:
            own = slice(layout.places[t].first, layout.places[t].first + layout.places[t].k)
            of_block[own, own] = bases[t]
        shift[number] = shift[number] @ of_block
    prior = working_prior(products, None)
    covariance_prior = prior if restricted else held_coefficients(prior)
    return Coordinates(products, bases, arrays._replace(shift=shift), prior, covariance_prior, restricted)


def value_at(coordinates: Coordinates, theta: Floats) -> tuple[float, float]:
    """Criterion and sigma at the packed lower triangles `theta` (n_theta,)."""
    packed = np.append(theta, 0.0)
    return profiled_value(coordinates.arrays, coordinates.prior, packed, coordinates.restricted)


def gradient_at(coordinates: Coordinates, theta: Floats) -> tuple[float, Floats]:
    """Criterion and its gradient (n_theta,)."""
    packed, gradient = np.append(theta, 0.0), np.empty(len(theta))
    own = coordinates
    value, _ = profiled_gradient(own.arrays, own.prior, own.covariance_prior, packed, own.restricted, gradient)
    return value, gradient


@cache
def lower(k: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the packed numbers of one triangle (k, k)."""
    rows, columns = np.tril_indices(k)
    return rows, columns


def triangles(theta: Floats, sizes: tuple[int, ...]) -> tuple[Floats, ...]:
    """Lower triangles (k, k) of the packed numbers, row after row, for terms of `sizes` k."""
    factors, start = [], 0
    for k in sizes:
        factor = np.zeros((k, k))
        factor[lower(k)] = theta[start : start + k * (k + 1) // 2]
        factors.append(factor)
        start += k * (k + 1) // 2
    return tuple(factors)


def packed_triangles(factors: tuple[Floats, ...]) -> Floats:
    """The reverse of `triangles`."""
    none = np.empty(0)
    return np.concatenate([none, *(factor[lower(len(factor))] for factor in factors)])


def sizes_of(coordinates: Coordinates) -> tuple[int, ...]:
    """k of every term."""
    return tuple(len(basis) for basis in coordinates.bases)


def turned(coordinates: Coordinates, theta: Floats) -> tuple[Coordinates, tuple[Floats, ...]]:
    """Bases in which every term's covariance is diagonal, and its sds (k,) there, largest first."""
    turns, sds = [], []
    for factor in triangles(theta, sizes_of(coordinates)):
        directions, lengths, _ = np.linalg.svd(factor)
        turns.append(directions)
        sds.append(lengths)
    bases = tuple(basis @ turn for basis, turn in zip(coordinates.bases, turns, strict=True))
    return in_bases(coordinates.products, bases, restricted=coordinates.restricted), tuple(sds)
