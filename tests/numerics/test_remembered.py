"""A value is that of the function, and is asked for once."""

import numpy as np
import pytest

from bayesmix.numerics.remembered import Remembered


@pytest.mark.parametrize("n", [1, 2])
def test_each_point_is_computed_once(n):
    asked = []

    def function(points):
        asked.extend(map(tuple, points.tolist()))
        return points @ np.array([1.0, 100.0])[:n]

    remembered = Remembered(function)
    rng = np.random.default_rng(1)
    for size in (5, 40, 1, 40):
        points = rng.integers(-3, 4, (size, n)).astype(float)
        np.testing.assert_array_equal(remembered(points), points @ np.array([1.0, 100.0])[:n])
    assert len(asked) == len(set(asked))
    assert 1 < len(asked) <= 7**n
    assert remembered(np.empty((0, n))).shape == (0,)
