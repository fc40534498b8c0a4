"""What tests of several rooms share."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import linprog


@pytest.fixture(scope="session")
def overlaps() -> Callable[..., bool]:
    """Whether data have a finite maximum likelihood estimate, by the other side of the theorem of alternatives.

    Stiemke (1915): either some direction raises a row's likelihood and lowers none's, or the rows balance: with weights
    of at least 1 for rows with one outcome, and any for the others, the sum of the rows is 0 in every column.
    """

    def balanced(X: np.ndarray, y: np.ndarray, trials: np.ndarray | None) -> bool:
        keep = np.ones(len(y), dtype=bool) if trials is None else trials > 0
        X, y = X[keep] / np.abs(X).max(axis=0), y[keep]
        sign = np.where(y == 0, -1.0, 0.0)
        if trials is not None:
            sign = np.where(y == trials[keep], 1.0, sign)
        pure = sign != 0
        found = linprog(
            np.zeros(len(y)),
            A_eq=(np.where(pure, sign, 1.0)[:, None] * X).T,
            b_eq=np.zeros(X.shape[1]),
            bounds=[(1, None) if one else (None, None) for one in pure],
            method="highs-ipm",
        )
        assert found.status in (0, 2)
        return found.status == 0

    return balanced
