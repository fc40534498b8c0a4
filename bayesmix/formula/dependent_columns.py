"""Which columns of the fixed part depend on those before them, and how: what R's `lm` and `lmer` leave out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats
from bayesmix.errors import listing
from bayesmix.formula.dependence import reasons
from bayesmix.formula.design import Dependence, Design, FixedEffects
from bayesmix.formula.terms import Term
from bayesmix.formula.variables import Variables

NEVER_OBSERVED = "never observed"

_NOTHING = 1e-9  # share of a column's length, beside the intercept of its spread, that its own part is more than
_MOST_NAMED = 3  # columns that the reason of a combination names


def column_dependence(fixed: FixedEffects, terms: Sequence[Term], variables: Variables) -> Dependence | None:
    """How columns depend on those before them; None where none does.

    Columns are centred (where there is an intercept) and scaled, so that the units do not matter: a year as
    covariate is not mistaken for a second intercept.

    Parameters
    ----------
    terms
        The terms that own the columns, in the order of ``fixed.terms``.

    Notes
    -----
    A column is kept if something of it lies across all that were kept before it, in the order of the formula. That is
    the order of R's pivoted QR decomposition, whose tolerance is 1e-7 of columns that are not centred: nearly
    dependent columns that R leaves out may be kept here.
    """
    scaled, centre, scale = _of_unit_size(fixed)
    if not len(fixed.names):
        return None
    upper = np.linalg.qr(scaled, mode="r")
    if len(upper) == upper.shape[1] and np.abs(np.diag(upper)).min() >= _NOTHING:
        return None
    kept, shares = _sweep(upper)
    dependent = [j for j in range(len(fixed.names)) if j not in set(kept)]
    null_space = np.zeros((len(fixed.names), len(dependent)))
    null_space[kept] = -shares
    null_space[dependent] = np.eye(len(dependent))
    null_space = null_space / scale[:, None] * scale[dependent]
    intercept = None if fixed.intercept is None else fixed.names.index(fixed.intercept)
    if intercept is not None:
        null_space[intercept] -= centre @ null_space
    why = _reasons(fixed, terms, variables, dependent, null_space)
    owner = {j: term.label for term in fixed.terms for j in term.columns}
    owners = tuple(owner[j] for j in range(len(fixed.names)))
    return Dependence(fixed.names, owners, tuple(kept), why, null_space, centre, scale, intercept)


def independent_columns(design: Design) -> Design:
    """The design without the columns that depend on those before them; itself where none does."""
    fixed = design.fixed
    if fixed.dependence is None or fixed.reduced:
        return design
    kept = fixed.dependence.kept
    place = {column: number for number, column in enumerate(kept)}
    terms = tuple(
        replace(term, columns=tuple(place[column] for column in term.columns if column in place))
        for term in fixed.terms
    )
    names = tuple(fixed.names[column] for column in kept)
    return replace(design, fixed=replace(fixed, matrix=fixed.matrix[:, list(kept)], names=names, terms=terms))


def without_intercept(dependence: Dependence) -> Dependence:
    """The same where thresholds stand for the intercept, the first column: they take up what it would."""
    return replace(
        dependence,
        names=dependence.names[1:],
        owners=dependence.owners[1:],
        kept=tuple(column - 1 for column in dependence.kept[1:]),
        null_space=dependence.null_space[1:],
        centre=dependence.centre[1:],
        scale=dependence.scale[1:],
        intercept=None,
    )


def _of_unit_size(fixed: FixedEffects) -> tuple[Floats, Floats, Floats]:
    """The columns of unit size, and the `centre` (p,) and `scale` (p,) that made them so; of nothing 0 and 1."""
    matrix = fixed.matrix.astype(float, copy=True)
    centre = np.zeros(matrix.shape[1])
    others = [j for j, name in enumerate(fixed.names) if name != fixed.intercept]
    if fixed.has_intercept and others:
        centre[others] = matrix[:, others].mean(axis=0)
        centred = matrix[:, others] - centre[others]
        tiny = np.abs(centred).max(axis=0) <= 1e-14 * np.abs(matrix[:, others]).max(axis=0)
        centred[:, tiny] = 0.0
        matrix[:, others] = centred
    lengths = np.linalg.norm(matrix, axis=0)
    scale = np.where(lengths > 0, lengths, 1.0)
    return matrix / scale, centre, scale


def _sweep(columns: Floats) -> tuple[list[int], Floats]:
    """Positions of the columns (m, p) that depend on none before them, and what of them the others are made of.

    The latter has shape (n_kept, n_dependent). Each column is made orthogonal to those kept before it, twice for the
    last digits.
    """
    m, p = columns.shape
    axes, along = np.zeros((m, min(m, p))), np.zeros((min(m, p), p))
    kept: list[int] = []
    for j in range(p):
        rank, rest = len(kept), columns[:, j].copy()
        for _ in range(2):
            shares = axes[:, :rank].T @ rest
            rest -= axes[:, :rank] @ shares
            along[:rank, j] += shares
        length = float(np.linalg.norm(rest))
        if length >= _NOTHING and rank < axes.shape[1]:
            axes[:, rank], along[rank, j] = rest / length, length
            kept.append(j)
    dependent = [j for j in range(p) if j not in set(kept)]
    shares = np.linalg.solve(along[: len(kept)][:, kept], along[: len(kept)][:, dependent])
    return kept, np.where(np.abs(shares) > _NOTHING, shares, 0.0)


def _reasons(
    fixed: FixedEffects, terms: Sequence[Term], variables: Variables, dependent: list[int], null_space: Floats
) -> dict[str, str]:
    """Why each dependent column is one, by its name and in words."""
    by_column: dict[int, str] = {}
    for term, owner in zip(terms, fixed.terms, strict=True):
        columns = [j for j in dependent if j in owner.columns]
        of_term = "; ".join(reasons(terms, [term], variables)) if columns else ""
        for j in columns:
            unseen = len(owner.factors) > 1 and not fixed.matrix[:, j].any()
            by_column[j] = NEVER_OBSERVED if unseen else of_term
            by_column[j] = by_column[j] or _combination(fixed, j, null_space[:, dependent.index(j)])
    return {fixed.names[j]: by_column[j] for j in dependent}


def _combination(fixed: FixedEffects, j: int, null: Floats) -> str:
    """What a column is made of, as its numbers say."""
    column = fixed.matrix[:, j]
    if np.ptp(column) == 0:
        return f"it is {column[0]:g} in all {len(column)} rows"
    others = [fixed.names[i] for i in np.flatnonzero(null) if i != j and fixed.names[i] != fixed.intercept]
    return f"it is a combination of {listing(others, at_most=_MOST_NAMED)}"
