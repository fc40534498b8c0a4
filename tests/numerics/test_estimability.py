"""Estimable combinations of coefficients: by the rank of X with the row below it, and as R's estimability has them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmix.estimates.estimability import estimable_rows
from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.numerics.estimability import estimable

STORED = json.loads((Path(__file__).parents[1] / "references" / "rank_deficient.json").read_text(encoding="utf-8"))


def by_rank(X, rows):
    """A row is a combination of the rows of X if it does not raise their rank."""
    size = np.linalg.norm(X, axis=0)
    X, rows = X / np.where(size > 0, size, 1), rows / np.where(size > 0, size, 1)
    rank = np.linalg.matrix_rank(X)
    return np.array(
        [np.linalg.matrix_rank(np.vstack([X, row / max(np.linalg.norm(row), 1e-300)])) == rank for row in rows]
    )


def random_design(rng):
    """Two crossed factors with some cells empty, and a number far from 0 that interacts with one of them."""
    n = int(rng.integers(30, 60))
    rows = pd.DataFrame(
        {
            "f": rng.choice(list("abcd"), n),
            "g": rng.choice(list("uvw"), n),
            "year": 2000 + rng.integers(0, 5, n).astype(float),
        }
    )
    gone = rng.choice(12, 4, replace=False)
    cells = rows["f"].map("abcd".index) * 3 + rows["g"].map("uvw".index)
    rows = rows[~cells.isin(gone)].reset_index(drop=True)
    rows["y"] = rng.normal(size=len(rows))
    formula = rng.choice(["y ~ f * g", "y ~ f * g + f:year + year", "y ~ 0 + f:g", "y ~ f * g * year", "y ~ g / f"])
    return build_design(parse(str(formula)), rows)


def test_against_the_rank_with_the_row_below():
    rng = np.random.default_rng(11)
    seen = []
    for _ in range(25):
        design = random_design(rng)
        X = design.fixed.matrix
        rows = np.vstack(
            [
                np.eye(X.shape[1]),
                rng.normal(size=(3, len(X))) @ X,
                rng.integers(-1, 2, (10, X.shape[1])),
                X[:2] - X[2:4],
            ]
        )
        expected = by_rank(X, rows)
        np.testing.assert_array_equal(estimable_rows(design, rows), expected)
        seen += expected.tolist()
    assert 50 < sum(seen) < len(seen) - 50


@pytest.mark.parametrize("case", STORED["estimable"], ids=lambda case: f"{case['data']}: {case['formula']}")
def test_against_r(case):
    rows = pd.DataFrame({column: np.array(values) for column, values in STORED["data"][case["data"]].items()})
    levels = STORED["levels"][case["data"]]
    rows = rows.assign(**{column: pd.Categorical(rows[column], of) for column, of in levels.items()})
    design = build_design(parse(case["formula"]), rows)
    np.testing.assert_array_equal(estimable_rows(design, np.array(case["rows"])), case["estimable"])
    assert not all(case["estimable"])


def test_the_definition_alone():
    """Twice the same column: their sum is estimable, each of them is not."""
    null = np.array([[0.0], [1.0], [-1.0]])
    L = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [1, 2, 2], [0, 1, -1], [0, 0, 0]])
    np.testing.assert_array_equal(estimable(L, null), [True, False, True, True, False, True])
    np.testing.assert_array_equal(estimable(L, np.zeros((3, 0))), [True] * 6)
    np.testing.assert_array_equal(estimable(L[1], null, tolerance=0.6), [True])


def test_neither_units_nor_the_origin_of_a_covariate_matter():
    """A row a thousandth of a year off is not estimable beside a cell that was seen in one year alone."""
    rows = pd.DataFrame({"f": list("aaabb"), "year": [2023.0, 2024.0, 2025.0, 2024.0, 2024.0], "y": [1.0, 2, 3, 4, 6]})
    for unit, origin in ((1.0, 0.0), (1e-6, 0.0), (1e6, 0.0), (1.0, 1e4)):
        design = build_design(parse("y ~ f * year"), rows.assign(year=(rows["year"] + origin) * unit))
        when = (np.array([2024.0, 2024.001, 2025.0]) + origin) * unit
        at = np.column_stack([np.ones(3), np.ones(3), when, when])
        np.testing.assert_array_equal(estimable_rows(design, at), [True, False, False])
