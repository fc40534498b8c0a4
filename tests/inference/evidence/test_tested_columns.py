"""Columns of tested terms: with those of the smaller model they span what the larger one does, in their own scale."""

import numpy as np
import pandas as pd
import pytest

from bayesmix.formula.matrices import build_design
from bayesmix.formula.parse import parse
from bayesmix.inference.evidence.tested_columns import OF_COVARIATES, OF_FACTORS
from bayesmix.inference.evidence.tested_columns import tested_columns as columns_of

rng = np.random.default_rng(3)
ROWS = pd.DataFrame(
    {
        "y": rng.normal(size=60),
        "x": 2000 + rng.uniform(0, 10, 60),
        "z": rng.normal(size=60),
        "w": rng.uniform(0.5, 2, 60),
        "t": (np.arange(60) % 5 == 0).astype(int),
        "f": np.array(list("abcc"))[rng.integers(0, 4, 60)],
        "g": np.array(list("uv"))[rng.integers(0, 2, 60)],
    }
)
ROWS["o"] = pd.Categorical(ROWS["f"].map({"a": "low", "b": "mid", "c": "high"}), ["low", "mid", "high"], ordered=True)
ONE_COLUMN = {"f": {"up": [-1.0, 0.0, 1.0]}}


def dropped(larger, smaller, contrasts=None, weights=None):
    whole = build_design(parse(f"y ~ {larger}"), ROWS, weights=weights, contrasts=contrasts)
    part = build_design(parse(f"y ~ {smaller}"), ROWS, weights=weights)
    return whole.fixed.matrix, part.fixed.matrix, columns_of(whole, part)


def rank(matrix):
    sizes = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0), compute_uv=False)
    return int(np.sum(sizes > 1e-9))


@pytest.mark.parametrize(
    ("larger", "smaller", "scales"),
    [
        ("f", "1", [OF_FACTORS]),
        ("o + g", "g", [OF_FACTORS]),
        ("f * g", "f + g", [OF_FACTORS]),
        ("f * g", "1", [OF_FACTORS] * 3),
        ("f / g", "f", [OF_FACTORS]),
        ("f + f:x", "f", [OF_FACTORS]),
        ("f * x", "f + x", [OF_FACTORS]),
        ("f * poly(x, 2)", "f + poly(x, 2)", [OF_FACTORS]),
        ("f * (x + I(x^2))", "f * x + I(x^2)", [OF_FACTORS]),
        ("t * x", "t + x", [OF_FACTORS]),
        ("t * f", "t + f", [OF_FACTORS]),
        ("t + z", "1", [OF_FACTORS, OF_COVARIATES]),
        ("t + t:x", "t", [OF_COVARIATES]),  # a slope where t is 1, none where it is 0
        ("f:x", "1", [OF_COVARIATES]),
        ("x + I(x^2) + f", "x + f", [OF_COVARIATES]),
        ("poly(x, 3) * z", "poly(x, 3) + z", [OF_COVARIATES]),
        ("x + z + f", "f", [OF_COVARIATES]),
    ],
)
def test_they_span_the_larger_model(larger, smaller, scales):
    whole, part, found = dropped(larger, smaller)
    columns = np.column_stack([one.columns for one in found])
    both = np.column_stack([part, columns])
    assert rank(both) == rank(whole) == rank(np.column_stack([both, whole]))
    assert columns.shape[1] == rank(whole) - rank(part)
    assert [one.scale for one in found] == scales
    np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-10)


def test_differences_of_levels_have_one_scale():
    """Between any two levels the squared differences of a row of contrasts add to 2, however rare a level is."""
    _, _, (found,) = dropped("f", "1")
    by_level = [found.columns[(ROWS["f"] == level).to_numpy()][0] for level in "abc"]
    distances = [np.sum((one - other) ** 2) for one in by_level for other in by_level]
    np.testing.assert_allclose(sorted(distances), [0] * 3 + [2] * 6, atol=1e-12)
    assert found.what == "2 orthonormal contrasts"


def test_a_coding_of_one_column_has_one_contrast():
    whole, _, (found,) = dropped("f", "1", contrasts=ONE_COLUMN)
    assert found.columns.shape == (60, 1)
    assert abs(np.corrcoef(found.columns[:, 0], whole[:, 1])[0, 1]) == pytest.approx(1)
    assert np.ptp(found.columns) == pytest.approx(np.sqrt(2))


def test_covariates_are_uncorrelated_and_of_unit_variance_beside_the_others():
    _, part, (found,) = dropped("x + z + f", "f")
    np.testing.assert_allclose(found.columns.T @ found.columns / 60, np.eye(2), atol=1e-10)
    np.testing.assert_allclose(part.T @ found.columns, 0, atol=1e-8)
    assert (found.label, found.what) == ("x and z", "per sd of what the other columns leave")


def test_the_origin_of_a_covariate_does_not_matter():
    """The curvature beside the slope, of years from 2000 on and of years from 0 on."""
    _, _, (far,) = dropped("f * (x + I(x^2))", "f * x + I(x^2)")
    _, _, (near,) = dropped("f * (I(x - 2000) + I((x - 2000)^2))", "f * I(x - 2000) + I((x - 2000)^2)")
    np.testing.assert_allclose(np.abs(far.columns), np.abs(near.columns), atol=1e-4)


def test_weights_have_no_unit():
    """sigma is that of a row with the typical weight."""
    _, _, (plain,) = dropped("f", "1")
    _, _, (weighted,) = dropped("f", "1", weights="w")
    np.testing.assert_allclose(weighted.columns * np.sqrt(np.median(ROWS["w"])), plain.columns)


def test_columns_that_are_there_already_are_none():
    assert dropped("x + I(2 * x)", "x")[2] == ()
