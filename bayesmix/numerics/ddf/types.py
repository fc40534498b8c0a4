"""Type I, II and III hypotheses of the terms of a fixed part, as SAS and lmerTest number them."""

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.type_three import FixedTerm, contains, type_three_contrasts

TYPES = (1, 2, 3)


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
    p, own = X.shape[1], list(term.columns)
    containing = [column for other in effects if contains(other, term) for column in other.columns]
    if not containing:
        return np.eye(p)[own]
    order = [*(set(range(p)) - {*own, *containing}), *own, *containing]
    return _adjusted(X, order)[[order.index(column) for column in own]]


def _adjusted(X: Floats, order: list[int]) -> Floats:
    """For each column of X, in this `order`, the row of what it tells when adjusted for the columns before it."""
    p = X.shape[1]
    upper = linalg.qr(X[:, order], mode="r")[0][:p]
    rows = np.zeros((p, p))
    rows[:, order] = upper / np.diag(upper)[:, None]
    return rows
