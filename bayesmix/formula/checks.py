"""What formula and data together cannot support: refused before any model is built."""

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import DesignError, counted
from bayesmix.formula.design import FixedEffects, GroupTerm
from bayesmix.formula.terms import Formula, Term, label_of


def refuse_saturation(fixed: FixedEffects) -> None:
    """Refuse more columns than rows that, together, reproduce any response."""
    n_obs, p = fixed.matrix.shape
    rank = p if fixed.dependence is None else len(fixed.dependence.kept)
    if p > n_obs and rank >= n_obs:
        raise DesignError(f"The fixed part has {p} coefficients for {counted(n_obs, 'observation')}; leave terms out.")


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
        missing = "neither coefficients nor random terms" if has_sigma else "no parameter"
        raise DesignError(f"The model has {missing}; write y ~ 1 for a mean alone.")


def refuse_response_among_predictors(formula: Formula) -> None:
    response = label_of(formula.response.values)
    terms: list[Term] = [*formula.fixed, *(term for random in formula.random for term in random.terms)]
    for term in terms:
        if response in term.labels:
            raise DesignError(f"The response {response!r} is a predictor too, in '{term.label}'; leave it out there.")
