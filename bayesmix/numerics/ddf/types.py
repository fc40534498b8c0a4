"""Type I, II and III hypotheses of the terms of a fixed part, as SAS and lmerTest number them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.type_three import FixedTerm, contains, type_three_contrasts

TYPES = (1, 2, 3)
_NOTHING = 1e-8  # share of a column, in units of its size


def term_contrasts(*, X: Floats, terms: Sequence[FixedTerm], kind: int) -> dict[str, Floats]:
    """Hypothesis matrices (q, p) of every term but the intercept, by label.

    Parameters
    ----------
    X
        Fixed part (n_obs, p), of full rank.
    terms
        All terms of X, the intercept where there is one; a term without columns has a hypothesis without rows.
    kind
        One of `TYPES`. 1: a term is adjusted for those before it. 2: for all terms that do not contain it, those with
        all its variables and more factors. 3: see `type_three_contrasts`.

    Returns
    -------
    dict
        ``contrasts @ beta = 0`` is the hypothesis of a term.

    Raises
    ------
    ValueError
        As `type_three_contrasts`.

    Notes
    -----
    The rows of types 1 and 2 are those of the Cholesky factor of X'X, divided by its diagonal (Doolittle), with the
    columns of X in the order in which they are adjusted; those of a term that no other contains are its coefficients.

    References
    ----------
    SAS/STAT User's Guide, "The Four Types of Estimable Functions"; the R package lmerTest, ``show_tests``.
    """
    if kind == 3:
        return type_three_contrasts(X=X, terms=terms)
    effects = [term for term in terms if term.factors or term.numbers]
    if kind == 1 or len(effects) == 1:
        rows = _adjusted(X, list(range(X.shape[1])))
        return {term.label: rows[list(term.columns)] for term in effects}
    return {term.label: _type_two(X, term, effects) for term in effects}


def _type_two(X: Floats, term: FixedTerm, effects: Sequence[FixedTerm]) -> Floats:
    p, columns = X.shape[1], list(term.columns)
    containing = [column for other in effects if contains(other, term) for column in other.columns]
    if not containing:
        return np.eye(p)[columns]
    order = [*(set(range(p)) - {*columns, *containing}), *columns, *containing]
    return _adjusted(X, order)[[order.index(column) for column in columns]]


def _adjusted(X: Floats, order: list[int]) -> Floats:
    """For each column of X, in this `order`, the row of what it tells when adjusted for the columns before it."""
    p = X.shape[1]
    upper = linalg.qr(X[:, order], mode="r")[0][:p]
    rows = np.zeros((p, p))
    rows[:, order] = upper / np.diag(upper)[:, None]
    return rows


@dataclass(frozen=True)
class LeftOut:
    """Columns that were left out of X since they depend on others.

    `shares` (p, n_left_out): what of each column of X they are made of. `scale` (p,) and `own_scale` (n_left_out,):
    sizes of the columns of X and of those left out. `owners`: labels of the terms that own the latter.
    """

    shares: Floats
    scale: Floats
    own_scale: Floats
    owners: tuple[str, ...]


def free_of_other_terms(
    contrasts: Mapping[str, Floats], *, terms: Sequence[FixedTerm], left_out: LeftOut
) -> dict[str, Floats]:
    """The part of each term's hypotheses that says nothing of terms which do not contain it.

    Beside columns that were left out a coefficient of X stands for more than itself: with ``total = x + z`` left out
    that of x is x and total together, and of x alone, adjusted for z and total, nothing can be tested. Where cells are
    empty what was left out belongs to the terms that contain the others, and all hypotheses stay as they are.
    """
    by_label = {term.label: term for term in terms}
    hypotheses = {}
    for label, rows in contrasts.items():
        other = [
            place
            for place, owner in enumerate(left_out.owners)
            if owner != label and not contains(by_label[owner], by_label[label])
        ]
        hypotheses[label] = _orthogonal_rows(rows, other, left_out)
    return hypotheses


def _orthogonal_rows(rows: Floats, columns: list[int], left_out: LeftOut) -> Floats:
    """Combinations of the `rows` (q, p) without a share of these columns."""
    if not (len(rows) and columns):
        return rows
    given, rows = rows, rows / np.linalg.norm(rows / left_out.scale, axis=1)[:, None]
    shared = rows @ left_out.shares[:, columns] / left_out.own_scale[columns]
    if np.abs(shared).max() < _NOTHING:
        return given
    axes, sizes, _ = np.linalg.svd(shared)
    return axes[:, int(np.sum(sizes > _NOTHING)) :].T @ rows
