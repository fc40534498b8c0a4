"""The space of X and Z, which responses are projected onto, and V there."""

from dataclasses import dataclass

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.numerics.gaussian.arrangement import GroupColumns
from bayesmix.numerics.gaussian.coefficient_prior import CoefficientPrior

_RANK = 1e-10  # singular values below this share of the largest are 0


@dataclass(frozen=True)
class ResponseSpace:
    """A design as its responses see it.

    `basis` (n_obs, r) is orthonormal and spans X and Z. `pieces` (n_entries, r, r): V = I + the sum over terms and
    entries (a, b), a >= b, of the lower triangle of L L' / sigma^2, row after row, of that number times a piece.
    `fixed` (r, p) is basis' X S, where beta = `mean` + S v with v ~ N(0, I) a priori; `factor` is S (p, p). `predicted`
    (n_obs,) is X `mean`. `units` (n_sd,) are root mean squares of the columns that vary by group; `term_squares`
    (n_entries,) are means over the rows of products of these columns, 2 times for a > b, so that a term's variance is
    averaged over rows. `ks` are the columns of each term; `fixed_squares` (p, p) is the covariance of the columns of X
    over the rows.
    """

    n_obs: int
    basis: Floats
    pieces: Floats
    fixed: Floats
    factor: Floats
    mean: Floats
    predicted: Floats
    units: Floats
    term_squares: Floats
    ks: tuple[int, ...]
    fixed_squares: Floats

    @property
    def rank(self) -> int:
        """r, the dimension of the space."""
        return self.basis.shape[1]


@dataclass(frozen=True)
class Projected:
    """Responses in the space: `coordinates` (r, R), and `left` (R,), the sums of squares outside of it."""

    coordinates: Floats
    left: Floats


def response_space(X: Floats, terms: tuple[GroupColumns, ...], prior: CoefficientPrior) -> ResponseSpace:
    """The space of a design without weights, whose coefficients have proper priors.

    Parameters
    ----------
    X
        Shape (n_obs, p).
    terms
        Levels and columns of each random term.
    prior
        Of beta; no sd is infinite.
    """
    n_obs, p = X.shape
    by_column = [_incidence(term) for term in terms]
    every = np.hstack([X, *(column for columns in by_column for column in columns)])
    basis = _basis(every)
    factor, mean = _restated(prior, p)
    pieces, squares, units = [], [], []
    for term, columns in zip(terms, by_column, strict=True):
        inside = [basis.T @ column for column in columns]
        units += [float(np.sqrt(np.mean(values**2))) or 1.0 for values in term.columns.T]
        for a in range(term.k):
            for b in range(a + 1):
                product = inside[a] @ inside[b].T
                pieces.append(product if a == b else product + product.T)
                mean_product = float(np.mean(term.columns[:, a] * term.columns[:, b]))
                squares.append(mean_product * (1 if a == b else 2))
    rank, centred = basis.shape[1], X - X.mean(axis=0)
    return ResponseSpace(
        n_obs=n_obs,
        basis=basis,
        pieces=np.array(pieces).reshape(-1, rank, rank),
        fixed=basis.T @ (X @ factor),
        factor=factor,
        mean=mean,
        predicted=X @ mean,
        units=np.array(units),
        term_squares=np.array(squares),
        ks=tuple(term.k for term in terms),
        fixed_squares=centred.T @ centred / n_obs,
    )


def project(space: ResponseSpace, responses: Floats) -> Projected:
    """Responses (n_obs, R) less what the prior means predict, in the space."""
    responses = responses - space.predicted[:, None]
    coordinates = space.basis.T @ responses
    left = responses - space.basis @ coordinates
    return Projected(coordinates, np.einsum("ir,ir->r", left, left))


def _incidence(term: GroupColumns) -> list[Floats]:
    """For each column of a term its matrix Z_a (n_obs, n_levels)."""
    levels = (term.index[:, None] == np.arange(term.n_levels)).astype(float)
    return [levels * column[:, None] for column in term.columns.T]


def _basis(columns: Floats) -> Floats:
    size = np.sqrt(np.mean(columns**2, axis=0))
    left, values, _ = np.linalg.svd(columns / np.where(size > 0, size, 1.0), full_matrices=False)
    return np.ascontiguousarray(left[:, values > _RANK * values.max(initial=0.0)])


def _restated(prior: CoefficientPrior, p: int) -> tuple[Floats, Floats]:
    """S and the mean of beta; the intercept, the column 0 of X, has its prior at `intercept_at`."""
    turn = np.eye(p)
    if prior.intercept_at is not None:
        turn[0, 1:] = -np.asarray(prior.intercept_at, dtype=float)[1:]
    return turn * prior.sd, turn @ prior.mean
