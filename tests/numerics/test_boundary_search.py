"""The search on and off the boundary, for a criterion whose minimum is known.

For a matrix C the least log |I + S| + tr (I + S)^-1 C over positive semi-definite S is at the eigenvectors of C, with
eigenvalues those of C less 1, or 0 (Tipping & Bishop 1999, doi:10.1111/1467-9868.00196).
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from bayesmix.numerics.boundary_search import Evaluation, Patience, from_boundary, search
from bayesmix.numerics.effect_bases import packed_triangles, triangles, turned_bases

PATIENCE = Patience(tolerance=1e-8, rounds=12, steps=50, near_zero=0.05)


@dataclass(frozen=True)
class Known:
    """A coefficient b with the term (b - 3)^2 beside matrices C, one a term; triangles in x are twice those of S.

    `near` counts the evaluations, each of which hands it on to the next.
    """

    matrices: tuple
    bases: tuple
    n_coefficients: int = 1

    @property
    def sizes(self):
        return tuple(len(C) for C in self.matrices)

    @property
    def units(self):
        return np.full(sum(k * (k + 1) // 2 for k in self.sizes), 0.5)

    def triangles(self, x):
        return triangles(x[1:] * self.units, self.sizes)

    def with_triangles(self, x, factors):
        return np.concatenate([x[:1], packed_triangles(factors) / self.units])

    def turned(self, x):
        bases, sds = turned_bases(self.bases, self.triangles(x))
        return replace(self, bases=bases), sds

    def value(self, x, near):
        return self.evaluate(x, near).value

    def evaluate(self, x, near):
        value, slopes = (x[0] - 3) ** 2, []
        for C, basis, L in zip(self.matrices, self.bases, self.triangles(x), strict=True):
            factor = basis @ L
            inverse = np.linalg.inv(np.eye(len(C)) + factor @ factor.T)
            value += np.trace(inverse @ C) - np.linalg.slogdet(inverse)[1]
            slopes.append(basis.T @ (2 * (inverse - inverse @ C @ inverse) @ factor))
        return Evaluation(
            value, np.concatenate([[2 * (x[0] - 3)], packed_triangles(tuple(slopes)) * self.units]), near + 1
        )

    def settle(self, _x, near):
        return near

    def slope(self, gradient, _sds):
        return gradient


def known(seed):
    """Two to three matrices of one to four rows, with eigenvalues on both sides of 1."""
    rng = np.random.default_rng(seed)
    matrices = []
    for _ in range(int(rng.integers(2, 4))):
        axes = np.linalg.qr(rng.normal(size=(int(rng.integers(1, 5)),) * 2))[0]
        matrices.append(axes * rng.choice([0.2, 0.6, 1.5, 4.0, 9.0], len(axes)) @ axes.T)
    return Known(tuple(matrices), tuple(np.eye(len(C)) for C in matrices))


@pytest.mark.parametrize("seed", range(40))
def test_the_minimum_is_found_on_and_off_the_boundary(seed):
    model = known(seed)
    start = model.with_triangles(np.zeros(1), tuple(np.eye(k) for k in model.sizes))
    found = from_boundary(search(model, start, np.zeros(1), PATIENCE), 1e-4, PATIENCE)
    for C, basis, sds in zip(model.matrices, found.coordinates.bases, found.sds, strict=True):
        values, axes = np.linalg.eigh(C)
        np.testing.assert_allclose(
            basis * sds**2 @ basis.T, axes * np.maximum(values - 1, 0) @ axes.T, rtol=0, atol=1e-6
        )
    assert found.x[0] == pytest.approx(3, abs=1e-6)
    assert found.ranks == tuple(int(np.sum(np.linalg.eigvalsh(C) > 1)) for C in model.matrices)
    assert found.gradient_size < 1e-4
    assert found.near[0] > 10


def test_a_search_that_begins_at_nought_goes_inwards_where_the_criterion_falls():
    C = np.diag([4.0, 2.0, 0.5])
    model = Known((C,), (np.eye(3),))
    stopped = search(model, np.zeros(7), np.zeros(1), PATIENCE)
    assert stopped.ranks == (0,)
    # d / dS at S = 0 is I - C, which falls fastest along the first axis.
    assert stopped.ascent == pytest.approx(-3, abs=1e-4)
    np.testing.assert_allclose(np.abs(stopped.inwards[0]), [1, 0, 0], atol=1e-9)
    found = from_boundary(stopped, 1e-4, PATIENCE)
    np.testing.assert_allclose(found.sds[0] ** 2, [3, 1, 0], atol=1e-6)


def test_nothing_is_sought_beyond_the_wall():
    model = Known((np.array([[401.0]]),), (np.eye(1),))
    found = search(model, np.array([3.0, 2.0]), np.zeros(1), replace(PATIENCE, wall=10.0))
    assert found.sds[0][0] <= 5.0
