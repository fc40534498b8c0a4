"""Separation against brute force, against the alternative by duality, and where it is known by construction."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

import bayesmix.numerics.separation as numerics_separation
from bayesmix.numerics.separation import can_move, pure_levels, runaway, separation


def sides(y, trials):
    """Where eta of each row may go: -1 down (no success), 1 up (no failure), 0 nowhere."""
    down = np.where(y == 0, -1, 0)
    return (down if trials is None else np.where(y == trials, 1, down)).astype(np.int8)


def answer(X, y, trials):
    """Moved rows, coefficients without an estimate and their signs; all rows have trials."""
    side = sides(y, trials)
    found = separation(X, side)
    rows = np.zeros(len(y), dtype=bool) if found is None else found.rows
    gone = runaway(X, side, rows)
    if found is not None:
        ahead = X @ found.direction
        assert can_move(X, side)
        assert (np.abs(ahead[side == 0]) < 1e-7).all()
        assert (side[side != 0] * ahead[side != 0] > -1e-7).all()
        assert (side * ahead > 1e-10).any()
    return rows, gone.coefficients, gone.signs


def by_brute_force(X, y, trials, reach=3):
    """The same by trying every direction of small whole numbers, which are enough for columns of zeros and ones."""
    side = sides(y, trials)
    directions = np.array(list(product(range(-reach, reach + 1), repeat=X.shape[1])))
    ahead = directions @ X.T
    right = (ahead[:, side == 0] == 0).all(axis=1) & (ahead * side >= 0).all(axis=1)
    moving = right & (ahead * side > 0).any(axis=1)
    rows = (ahead[moving] * side > 0).any(axis=0)
    still = X[~rows]
    rank = np.linalg.matrix_rank(still) if len(still) else 0
    units = np.eye(X.shape[1])
    gone = np.array([np.linalg.matrix_rank(np.vstack([still, unit])) > rank for unit in units])
    up, down = (directions[right] > 0).any(axis=0), (directions[right] < 0).any(axis=0)
    return rows, gone, np.where(gone, up.astype(int) - down, 0)


def dummies(rng, n, levels, interaction):
    """Intercept and treatment contrasts of factors, of the first two with their interaction."""
    codes = [rng.integers(0, k, n) for k in levels]
    blocks = [np.ones((n, 1)), *(np.eye(k)[code][:, 1:] for k, code in zip(levels, codes, strict=True))]
    if interaction:
        blocks.append((blocks[1][:, :, None] * blocks[2][:, None, :]).reshape(n, -1))
    X = np.concatenate(blocks, axis=1)
    return X if np.linalg.matrix_rank(X) == X.shape[1] else dummies(rng, n, levels, interaction)


@pytest.mark.parametrize("levels", [(2, 2), (3,), (2, 3), (2, 2, 2)])
@pytest.mark.parametrize("kind", ["trials", pytest.param("counts", marks=pytest.mark.slow)])
def test_random_tables_against_every_direction(levels, kind):
    rng = np.random.default_rng([len(levels), sum(levels), kind == "counts"])
    seen = {True: 0, False: 0}
    for draw in range(60):
        interaction = levels == (2, 2) and draw % 2 == 0
        X = dummies(rng, int(rng.integers(9, 15)), levels, interaction)
        if kind == "trials":
            trials = rng.integers(1, 4, len(X)).astype(float)
            y = rng.binomial(trials.astype(int), rng.beta(0.3, 0.3)).astype(float)
        else:
            trials, y = None, rng.poisson(0.4, len(X)).astype(float)
        rows, gone, signs = answer(X, y, trials)
        expected = by_brute_force(X, y, trials)
        np.testing.assert_array_equal(rows, expected[0])
        np.testing.assert_array_equal(gone, expected[1])
        np.testing.assert_array_equal(signs, expected[2])
        seen[bool(rows.any())] += 1
    assert min(seen.values()) >= 5, seen


def test_random_predictors_against_the_alternative(overlaps):
    """Numbers, whole numbers and factors; with few rows for their columns separation is common."""
    rng = np.random.default_rng(3)
    seen = {True: 0, False: 0}
    for _ in range(150):
        n, p = int(rng.integers(8, 24)), int(rng.integers(1, 5))
        X = np.column_stack([np.ones(n), rng.normal(size=(n, p)), rng.integers(0, 4, n), rng.integers(0, 2, n)])
        X = X[:, : int(rng.integers(2, X.shape[1] + 1))]
        if np.linalg.matrix_rank(X) < X.shape[1]:
            continue
        trials = np.full(n, float(rng.integers(1, 3)))
        y = rng.binomial(trials.astype(int), 1 / (1 + np.exp(-2 * X[:, 1]))).astype(float)
        found = separation(X, sides(y, trials)) is not None
        assert found != overlaps(X, y, trials)
        seen[found] += 1
    assert min(seen.values()) >= 20, seen


X_LINE = np.column_stack([np.ones(8), [-3.0, -2, -1, -0.5, 0.5, 1, 2, 3]])


def test_complete_and_quasi_complete():
    """Ones above a threshold: all rows are moved. With both outcomes at the threshold these rows stay."""
    x = X_LINE[:, 1]
    rows, gone, signs = answer(X_LINE, (x > 0).astype(float), np.ones(8))
    assert rows.all()
    assert gone.all()
    assert signs.tolist() == [0, 1]  # the threshold, anywhere from -0.5 to 0.5, may have either sign
    rows, gone, signs = answer(X_LINE, (x > 0.6).astype(float), np.ones(8))
    assert rows.all()
    assert signs.tolist() == [-1, 1]
    twice = np.vstack([X_LINE, [[1, 0.5]]])
    rows, gone, signs = answer(twice, np.append(x > 0, False).astype(float), np.ones(9))
    assert rows.tolist() == [True] * 4 + [False] + [True] * 3 + [False]
    assert signs.tolist() == [-1, 1]
    overlapping = np.array([0.0, 1, 0, 0, 1, 0, 1, 1])
    assert separation(X_LINE, sides(overlapping, np.ones(8))) is None


def test_one_row_across_the_plane_ends_it():
    """200 rows parted by a plane in three predictors, then with one on the wrong side."""
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(200), rng.normal(size=(200, 3))])
    way = np.array([0.3, 1, -2, 0.5])
    y = (X @ way > 0).astype(float)
    rows, _, signs = answer(X, y, np.ones(200))
    assert rows.all()
    assert signs.tolist()[1:3] == [1, -1]
    far = np.argmax(X @ way)
    y[far] = 0
    assert separation(X, sides(y, np.ones(200))) is None


@pytest.mark.parametrize(
    ("unit", "origin"), [(1.0, 0.0), (1e-6, 0.0), (1e6, 0.0), (1.0, 2000.0), (1e4, -3e7), (1.0, 1e8)]
)
def test_units_and_origin_do_not_matter(unit, origin):
    """A year as predictor, a position along a chromosome; and no separation is found where there is none."""
    x = X_LINE[:, 1]
    X = np.column_stack([np.ones(8), origin + unit * x])
    rows, gone, signs = answer(X, (x > 0.6).astype(float), np.ones(8))
    assert rows.all()
    assert gone.all()
    assert signs[1] == 1
    assert separation(X, sides(np.array([0.0, 1, 0, 0, 1, 0, 1, 1]), np.ones(8))) is None


def test_cells():
    cell = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    rows, gone, signs = answer(cell, np.array([1.0, 0, 3, 2, 0, 0, 0, 0]), None)
    assert rows.tolist() == [False] * 4 + [True] * 4
    assert gone.tolist() == [False, True]
    assert signs.tolist() == [0, -1]
    # A cell of 3 out of 3 is full; as a count it is a count like others.
    full = np.array([1.0, 0, 3, 2, 3, 3, 3, 3])
    assert answer(cell, full, np.full(8, 3.0))[2].tolist() == [0, 1]
    assert separation(cell, sides(full, None)) is None


def test_rows_apart_are_not_looked_for_again():
    """One cell known: what else is there? Nothing, then a second cell."""
    X = np.column_stack([np.ones(9), np.eye(3)[np.repeat([0, 1, 2], 3)][:, 1:]])
    known = np.repeat([False, True, False], 3)
    y = np.array([1.0, 2, 0, 0, 0, 0, 1, 0, 2])
    assert separation(X, sides(y, None), apart=known) is None
    y[6:] = 0
    more = separation(X, sides(y, None), apart=known)
    assert more.rows[6:].all()
    assert more.direction.tolist() == [0, 0, -1]


@pytest.mark.parametrize("separated", [True, False])
def test_many_rows_are_searched_without_presolve(separated, monkeypatch):
    """One numeric predictor: presolve took 8 s for 60,000 rows, and 29 s where they are separated, for nothing."""
    presolved = []

    def recorded(*args, **kwargs):
        presolved.append(kwargs.get("options", {}).get("presolve", True))
        return linprog(*args, **kwargs)

    monkeypatch.setattr(numerics_separation, "linprog", recorded)
    rng = np.random.default_rng(11)
    x = rng.normal(size=60_000)
    y = (x > 0.3 if separated else rng.random(60_000) < 0.5).astype(float)
    X = np.column_stack([np.ones(60_000), x + 0.1 * y])
    found = separation(X, sides(y, np.ones(len(y))))
    assert presolved
    assert not any(presolved)
    assert (found is not None and found.rows.all()) if separated else found is None


def test_pure_levels():
    index = np.array([0, 0, 1, 1, 2])
    assert pure_levels(index, np.array([0.0, 0, 3, 3, 2]), np.array([2.0, 4, 3, 3, 2]), 4)
    assert not pure_levels(index, np.array([0.0, 0, 3, 2, 2]), np.array([2.0, 4, 3, 3, 2]), 4)
