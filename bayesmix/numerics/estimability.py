"""Which linear combinations of coefficients the data determine, where columns of X depend on each other."""

import numpy as np

from bayesmix.arrays import Flags, Floats

TOLERANCE = 1e-16
"""Share of |L|^2 that may lie along the null space, as rounding."""


def estimable(
    L: Floats,
    null_space: Floats,
    *,
    centre: Floats | None = None,
    scale: Floats | None = None,
    intercept: int | None = None,
    tolerance: float = TOLERANCE,
) -> Flags:
    """Whether each row of L is estimable: L beta is the same for all beta with the same X beta.

    Parameters
    ----------
    L
        Combinations of the coefficients, a row each, shape (m, p) or (p,), of all columns of X.
    null_space
        Columns that span {N : X N = 0}, shape (p, k); k = 0 where X is of full rank, and then all is estimable.
    centre, scale
        Shape (p,): means that are taken off the columns of X, and lengths of what is left. By default 0 and 1.
    intercept
        Position of the column of ones, to which the means go. Needed with `centre`.
    tolerance
        Rows with |N'L|^2 <= tolerance |L|^2 are estimable, N orthonormal.

    Returns
    -------
    array of bool
        Shape (m,).

    Notes
    -----
    L beta is estimable if and only if L is a combination of the rows of X, that is, orthogonal to the null space
    (Searle 1971, section 5.4); the test is that of the R package estimability, with a smaller tolerance. Given `centre`
    and `scale` it is made for the columns (x - centre) / scale, so that neither units nor the origin of a covariate
    matter: beside a year of 2024 the 0 or 1 of a factor would be next to nothing.

    References
    ----------
    Searle (1971), Linear Models, ISBN 978-0-471-18499-8; Lenth (2016), doi:10.18637/jss.v069.i01
    """
    rows = np.array(np.atleast_2d(L), dtype=float)
    if null_space.shape[1] == 0:
        return np.ones(len(rows), dtype=bool)
    directions = null_space
    if scale is not None:
        rows, directions = rows / scale, directions * scale[:, None]
    if centre is not None and intercept is not None:
        unit = np.ones(len(centre)) if scale is None else scale
        others = np.arange(rows.shape[1]) != intercept
        rows[:, others] -= np.outer(rows[:, intercept] * unit[intercept], centre[others] / unit[others])
        # With the means taken off no direction moves the intercept.
        directions = np.where(others[:, None], directions, 0.0)
    basis = np.linalg.qr(directions)[0]
    return np.sum((rows @ basis) ** 2, axis=1) <= tolerance * np.sum(rows**2, axis=1)
