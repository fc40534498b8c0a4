"""What formula and data together cannot support: refused before any model is built."""

from collections.abc import Sequence

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import DesignError, counted, listing
from bayesmix.formula.dependence import reasons
from bayesmix.formula.design import FixedEffects, GroupTerm
from bayesmix.formula.terms import Formula, Term, label_of
from bayesmix.formula.variables import Variables

_RELATIVE_TOLERANCE = 1e-9
_SHOWN = 3
"""Columns that the message of a rank-deficient part names."""


def refuse_rank_deficiency(fixed: FixedEffects, terms: Sequence[Term], variables: Variables) -> None:
    """Refuse columns that are a linear combination of those before them, with why they are.

    Parameters
    ----------
    terms
        The terms that own the columns, in the order of ``fixed.terms``.
    """
    n_obs, p = fixed.matrix.shape
    if p > n_obs:
        raise DesignError(f"The fixed part has {p} coefficients for {counted(n_obs, 'observation')}; leave terms out.")
    _refuse_constant_columns(fixed)
    dependent = dependent_columns(fixed)
    if dependent:
        depend = "depends" if len(dependent) == 1 else "depend"
        owners = zip(terms, fixed.terms, strict=True)
        at_fault = [
            term for term, owner in owners if not set(dependent).isdisjoint(fixed.names[j] for j in owner.columns)
        ]
        why = "; ".join(reasons(terms, at_fault, variables))
        raise DesignError(
            f"The fixed part is rank-deficient: of its {p} columns {listing(dependent, at_most=_SHOWN)} {depend} on "
            f"those before{f': {why}' if why else ''}. Leave a term out, merge levels, make one factor of the cells "
            "that occur, or make a factor random."
        )


def _refuse_constant_columns(fixed: FixedEffects) -> None:
    """A number that is the same in all rows, named by its value: the intercept says the same."""
    numbers = [term.columns[0] for term in fixed.terms if term.kind == "numeric" and len(term.columns) == 1]
    for j in numbers:
        column = fixed.matrix[:, j]
        if fixed.has_intercept and np.ptp(column) == 0:
            raise DesignError(
                f"The fixed part is rank-deficient: {fixed.names[j]} is {column[0]:g} in all {len(column)} rows, which "
                "cannot be told from the intercept; leave it out."
            )


def dependent_columns(fixed: FixedEffects) -> list[str]:
    """Names of the columns that depend linearly on the columns before them.

    Columns are centred (where there is an intercept) and scaled, so that the units do not matter: a year as
    covariate is not mistaken for a second intercept.
    """
    matrix = fixed.matrix.astype(float, copy=True)
    others = [j for j, name in enumerate(fixed.names) if name != fixed.intercept]
    if fixed.has_intercept and others:
        centred = matrix[:, others] - matrix[:, others].mean(axis=0)
        tiny = np.abs(centred).max(axis=0) <= 1e-14 * np.abs(matrix[:, others]).max(axis=0)
        centred[:, tiny] = 0.0
        matrix[:, others] = centred
    lengths = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(lengths > 0, lengths, 1.0)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) if len(fixed.names) else np.empty(0)
    return [name for name, size in zip(fixed.names, diagonal, strict=True) if size < _RELATIVE_TOLERANCE]


def refuse_group_term(term: GroupTerm, *, n_obs: int, needs_replication: bool) -> None:
    """A group with one level, as many levels as observations, a slope that varies within no group."""
    if term.n_levels < 2:
        raise DesignError(
            f"Group '{term.group}' has 1 level ({term.levels[0]}); its variance cannot be told from the rest. "
            f"Leave out ({term.label})."
        )
    n_effects = term.n_levels * term.k
    if needs_replication and term.n_levels >= n_obs:
        raise DesignError(
            f"Group '{term.group}' has {term.n_levels} levels for {n_obs} observations: its effects cannot be told "
            f"from the residual. Leave out ({term.label})."
        )
    if (n_effects >= n_obs and needs_replication) or n_effects > n_obs:
        raise DesignError(
            f"({term.label}) has {n_effects} random effects ({term.n_levels} levels x {counted(term.k, 'column')}) "
            f"for {n_obs} observations; leave columns out of it."
        )
    for name, column in zip(term.names, term.columns.T, strict=True):
        if name != "Intercept" and not varies_within(column, term.index, term.n_levels):
            raise DesignError(
                f"In ({term.label}) the column '{name}' does not vary within any of the {term.n_levels} levels of "
                f"'{term.group}', so it has no slope there; make '{name}' a fixed effect only."
            )


def varies_within(column: Floats, index: Positions, n_levels: int) -> bool:
    """Whether a column takes more than one value within some level."""
    lowest = np.full(n_levels, np.inf)
    highest = np.full(n_levels, -np.inf)
    np.minimum.at(lowest, index, column)
    np.maximum.at(highest, index, column)
    return bool((highest > lowest).any())


def refuse_no_parameters(fixed: FixedEffects, random: tuple[GroupTerm, ...], n_obs: int, *, has_sigma: bool) -> None:
    if n_obs < 2:
        raise DesignError(f"The data have {n_obs} row after dropping missing values; a model needs 2 or more.")
    if not fixed.names and not random:
        what = "neither coefficients nor random terms" if has_sigma else "no parameter"
        raise DesignError(f"The model has {what}; write y ~ 1 for a mean alone.")


def refuse_response_among_predictors(formula: Formula) -> None:
    response = label_of(formula.response.values)
    terms: list[Term] = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    for term in terms:
        if response in term.labels:
            raise DesignError(f"The response {response!r} is a predictor too, in '{term.label}'; leave it out there.")
