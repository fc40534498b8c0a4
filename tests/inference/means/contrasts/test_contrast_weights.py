"""Weights of the usual sets of contrasts: by their meaning, and polynomials by R's."""

import json
from pathlib import Path

import numpy as np
import pytest

from bayesmix.errors import ArgumentError
from bayesmix.inference.means.contrast_weights import METHODS, Level, contrast_weights

POLYNOMIALS = json.loads((Path(__file__).parents[3] / "references" / "contrasts.json").read_text())["polynomials"]
FOUR = [Level(name, name) for name in "abcd"]


@pytest.mark.parametrize("columns", POLYNOMIALS, ids=lambda columns: len(columns[0]))
def test_polynomials_are_the_whole_numbers_of_r(columns):
    levels = [Level(str(place), str(place)) for place in range(len(columns[0]))]
    ours = contrast_weights("poly", levels)
    assert ours.weights.tolist() == columns
    assert ours.names[0] == "linear"


@pytest.mark.parametrize("n", [13, 20])
def test_polynomials_of_many_levels_are_orthogonal(n):
    weights = contrast_weights("poly", [Level(str(place), str(place)) for place in range(n)]).weights
    product = weights @ weights.T
    assert product == pytest.approx(np.diag(np.diag(product)))
    assert weights.sum(axis=1).tolist() == [0] * 6


@pytest.mark.parametrize("method", [name for name in METHODS if name != "identity"])
def test_contrasts_sum_to_0_and_turn_with_reverse(method):
    one = contrast_weights(method, FOUR)
    assert one.weights.sum(axis=1) == pytest.approx(0)
    if method not in ("poly", "eff", "del.eff"):
        turned = contrast_weights(method, FOUR, reverse=True)
        assert np.sort(turned.weights, axis=0) == pytest.approx(np.sort(-one.weights, axis=0))
        assert turned.names != one.names or method == "mean_chg"


def test_against_several_controls():
    one = contrast_weights("trt.vs.ctrl", FOUR, ref=["b", "d"])
    assert one.names == ("a - avg(b,d)", "c - avg(b,d)")
    assert one.weights.tolist() == [[1, -0.5, 0, -0.5], [0, -0.5, 1, -0.5]]
    assert contrast_weights("dunnett", FOUR, ref="b").names[0] == "a - b"


def test_weights_by_level():
    one = contrast_weights({"ends": {"a": 1, "d": -1}, "half": [1, 1, -1, -1]}, FOUR)
    assert one.weights.tolist() == [[1, 0, 0, -1], [1, 1, -1, -1]]
    assert one.adjustment == "none"


def test_more_pairs_than_memory_holds():
    many = [Level(str(place), str(place)) for place in range(2000)]
    with pytest.raises(ArgumentError, match="of 2,000 means are 1,999,000 contrasts, more than memory allows"):
        contrast_weights("pairwise", many)
    assert contrast_weights("trt.vs.ctrl", many).weights.shape == (1999, 2000)
