"""Type III hypotheses: each term adjusted for all others, whatever the coding of the factors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy import linalg

from bayesmix.arrays import Floats

_ZERO = 1e-8


class FixedTerm(Protocol):
    """A term of the fixed part. `columns` are its columns of X; `every_level` (n_obs, c) would be its columns if every
    factor in it had a column for each level; `factors` and `numbers` are the names of its variables, both empty for the
    intercept.
    """

    @property
    def label(self) -> str: ...
    @property
    def columns(self) -> tuple[int, ...]: ...
    @property
    def every_level(self) -> Floats: ...
    @property
    def factors(self) -> frozenset[str]: ...
    @property
    def numbers(self) -> frozenset[str]: ...


def type_three_contrasts(*, X: Floats, terms: Sequence[FixedTerm]) -> dict[str, Floats]:
    """Hypothesis matrices (q, p) of every term but the intercept, by label, as lmerTest's ``anova(type = 3)`` has them.

    Parameters
    ----------
    X
        Fixed part (n_obs, p), of full rank.
    terms
        All terms of X, with the intercept if there is one. A term without columns has a hypothesis without rows.

    Returns
    -------
    dict
        ``contrasts @ beta = 0`` is the hypothesis of a term. Empty where X holds nothing but the intercept.

    Raises
    ------
    ValueError
        X does not belong to these terms: a column of X is no sum of its term's columns with all levels coded.

    Notes
    -----
    The functions of beta that can be estimated and involve a term's parameters, made orthogonal to those of the terms
    that contain it: those with all its variables and more factors. In complete designs this compares means over the
    levels of all other factors, weighted alike.

    References
    ----------
    SAS/STAT User's Guide, "The Four Types of Estimable Functions"; the R package lmerTest, ``show_tests``.
    """
    effects = [term for term in terms if term.factors or term.numbers]
    if not effects:
        return {}
    if len(effects) == 1:
        return {effects[0].label: _sole_term(X, effects[0])}
    scale = _lengths(X)
    every = np.column_stack([term.every_level for term in terms])
    # Entry (d, c): what parameter d of the model with all levels coded adds to coefficient c of X.
    general = linalg.lstsq(X / scale, every)[0].T / scale
    by_term = {term.label: general[:, list(term.columns)] for term in terms}
    coded = _weights_of_columns(X, terms)
    contrasts = {}
    for term in effects:
        columns = by_term[term.label]
        containing = [by_term[other.label] for other in effects if other.columns and contains(other, term)]
        if containing:
            columns = _residual(columns, np.column_stack(containing))
        rows = np.where(np.abs(columns) > _ZERO, columns, 0.0).T @ coded
        rows = np.where(np.abs(rows) > _ZERO, rows, 0.0)
        contrasts[term.label] = rows[np.any(rows != 0, axis=1)]
    return contrasts


def contains(other: FixedTerm, term: FixedTerm) -> bool:
    """Whether `other` has all variables of `term` and more factors; other numbers make it another kind of term."""
    return term.factors < other.factors and term.numbers == other.numbers


def _lengths(X: Floats) -> Floats:
    length = np.linalg.norm(X, axis=0)
    return np.where(length > 0, length, 1.0)


def _sole_term(X: Floats, term: FixedTerm) -> Floats:
    """The columns of the only term beside an intercept, each adjusted for those before it."""
    upper = linalg.qr(X, mode="r")[0][: X.shape[1]]
    return (upper / np.diag(upper)[:, None])[list(term.columns)]


def _residual(columns: Floats, others: Floats) -> Floats:
    return columns - others @ linalg.lstsq(others, columns)[0]


def _weights_of_columns(X: Floats, terms: Sequence[FixedTerm]) -> Floats:
    """Every column of X as a sum of the columns with all levels coded, (n_every, p); a single one of 0/1 factors."""
    weights = np.zeros((sum(term.every_level.shape[1] for term in terms), X.shape[1]))
    first = 0
    for term in terms:
        last = first + term.every_level.shape[1]
        for column in term.columns:
            same = np.flatnonzero(np.all(term.every_level == X[:, [column]], axis=0))
            if len(same):
                weights[first + int(same[0]), column] = 1.0
            else:
                weights[first:last, column] = _weights_of_coded(X[:, column], term, column)
        first = last
    return weights


def _weights_of_coded(values: Floats, term: FixedTerm, column: int) -> Floats:
    every = term.every_level / _lengths(term.every_level)
    weights: Floats = linalg.lstsq(every, values)[0]
    if np.linalg.norm(every @ weights - values) > _ZERO * np.linalg.norm(values):
        raise ValueError(f"Column {column} of X is none of the columns of '{term.label}'; take both of one design.")
    return weights / _lengths(term.every_level)
