"""Whether two models are of the same data, and whether the larger contains the smaller."""

import numpy as np

from bayesmix.arrays import Flags, Floats
from bayesmix.errors import ArgumentError, listing
from bayesmix.formula.design import Design, GroupTerm

_LEFT = 1e-8  # share of a column's length that may lie outside the span of other columns


def equal_numbers(numbers: Floats | None, others: Floats | None) -> bool:
    """Whether two columns of weights or trials are equal; None stands for ones."""
    return bool(np.all((1.0 if numbers is None else numbers) == (1.0 if others is None else others)))


def require_nested(reduced: Design, full: Design) -> None:
    """Refuse designs of the same rows if the second does not contain the first, or if their offsets differ.

    Fixed columns must lie in the span of the larger model's, the columns of a random term in the span of those that
    vary there by the same levels, whatever the names.
    """
    missing = outside(reduced.fixed.matrix, full.fixed.matrix)
    if missing.any():
        names = [name for name, lacks in zip(reduced.fixed.names, missing, strict=True) if lacks]
        raise ArgumentError(_refusal(f"{listing(names)} of the fixed part"))
    for term in reduced.random:
        columns = [other.columns for other in full.random if _same_levels(term, other)]
        if not columns or outside(term.columns, np.column_stack(columns)).any():
            raise ArgumentError(_refusal(f"({term.label})"))
    if not np.array_equal(reduced.offset, full.offset):
        raise ArgumentError("The models have different offsets and are not nested: no likelihood-ratio test holds.")


def outside(columns: Floats, others: Floats) -> Flags:
    """Which of `columns` (n_obs, m) are no linear combination of `others` (n_obs, k)."""
    lengths = np.linalg.norm(others, axis=0)
    axes = np.linalg.qr(others / np.where(lengths > 0, lengths, 1.0))[0]
    left = columns - axes @ (axes.T @ columns)
    return np.linalg.norm(left, axis=0) > _LEFT * np.linalg.norm(columns, axis=0)


def _same_levels(term: GroupTerm, other: GroupTerm) -> bool:
    """Whether two groups divide the rows alike."""
    pairs = np.unique(term.index * other.n_levels + other.index)
    return term.n_levels == other.n_levels == len(pairs)


def _refusal(lacking: str) -> str:
    return (
        f"The models are not nested: the second lacks {lacking}, which the first has, so no likelihood-ratio test "
        "holds. Compare them by aic of glance."
    )
