"""How probable the rows of a group are if its effects are not known: log likelihoods by level, in each draw."""

from collections.abc import Callable

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import ArgumentError, UnknownTermError, shown
from bayesmix.formula.design import GroupTerm
from bayesmix.inference.shared.arguments import column_levels, near_matches
from bayesmix.inference.shared.draws import group_effects
from bayesmix.inference.shared.expectation import linear_predictor, other_parameters
from bayesmix.inference.shared.row_model import covariances, row_model, symmetric_root
from bayesmix.modelling.record import Fit
from bayesmix.numerics.group_integral import log_gaussian_group_likelihood, log_group_likelihood


def levels_of(fit: Fit, by: str) -> tuple[Positions, tuple[object, ...]]:
    """The level of each row in `by`, a grouping factor or a column of the data, (n_obs,), and the levels' names."""
    for term in fit.design.random:
        if isinstance(by, str) and term.group == by:
            return term.index, term.levels
    if not isinstance(by, str) or by not in fit.data.columns:
        known = [*dict.fromkeys(term.group for term in fit.design.random), *fit.data.columns]
        hint = near_matches(by, known)
        raise UnknownTermError(f"by={shown(by)} is no grouping factor of the model and no column of the data.{hint}")
    return column_levels(fit.data, by, argument="by")


def group_log_likelihoods(fit: Fit, index: Positions, draws: Positions) -> Callable[[Positions], Floats]:
    """A function of rows of one level that gives their log density (n_draws,), the level's own effects integrated out.

    Its own effects are those that occur in no other level's rows: of the group itself, and of factors nested in it.
    Without those rows the data would say nothing about them. `index` (n_obs,) is the level of each row.
    """
    homes = {id(term): _homes(term, index) for term in fit.design.all_random}
    _refuse_own_effects_of_parts(fit, homes)

    def without_own(term: GroupTerm, levels: Positions) -> Floats:
        effects = group_effects(fit, term, levels)[..., draws].copy()
        effects[homes[id(term)][levels] >= 0] = 0.0
        return effects

    model = row_model(fit, draws=draws)
    predictor = linear_predictor(fit, fit.design, terms=fit.design.random, effects=without_own, draws=draws)
    roots = {id(term): symmetric_root(covariances(fit, term)[draws]) for term in fit.design.random}
    others = other_parameters(fit, draws=draws)
    closed = fit.family.is_gaussian_identity and fit.design.response.censoring is None

    def log_likelihood(rows: Positions) -> Floats:
        if len(rows) == 0:
            return np.zeros(len(draws))
        columns, root = _own_effects(fit, rows, homes, roots)
        eta = predictor(rows)
        if closed and columns.shape[1]:
            of_rows = others(rows)
            scale = np.broadcast_to(of_rows["sigma"] / np.sqrt(of_rows["weights"]), eta.shape)
            return log_gaussian_group_likelihood(fit.design.response.values[rows, None] - eta, scale, columns, root)
        return log_group_likelihood(lambda at: model.log_density(rows, at), eta, columns, root)

    return log_likelihood


def rows_by_level(index: Positions, n_levels: int) -> list[Positions]:
    """Positions of the rows of each level."""
    order = np.argsort(index, kind="stable")
    return np.split(order, np.searchsorted(index[order], np.arange(1, n_levels)))


def _refuse_own_effects_of_parts(fit: Fit, homes: dict[int, Positions]) -> None:
    for parameter, part in fit.design.parts.items():
        for term in part.random:
            if (homes[id(term)] >= 0).any():
                raise ArgumentError(
                    f"The levels left out have effects on {parameter} too, ({term.label}), which are not integrated "
                    "out here; leave out rows, or fit the model without them."
                )


def _homes(term: GroupTerm, index: Positions) -> Positions:
    """For each level of a term the one level of the group that has all its rows, or -1."""
    lowest = np.full(term.n_levels, np.iinfo(np.intp).max)
    highest = np.full(term.n_levels, -1)
    np.minimum.at(lowest, term.index, index)
    np.maximum.at(highest, term.index, index)
    return np.where(lowest == highest, highest, -1)


def _own_effects(
    fit: Fit, rows: Positions, homes: dict[int, Positions], roots: dict[int, Floats]
) -> tuple[Floats, Floats]:
    """Columns (n_rows, r) of the rows' own effects, and the root (n_draws, r, r) of their covariance."""
    columns, blocks = [np.zeros((len(rows), 0))], []
    for term in fit.design.random:
        for level in np.unique(term.index[rows]):
            if homes[id(term)][level] >= 0:
                columns.append(term.columns[rows] * (term.index[rows] == level)[:, None])
                blocks.append(roots[id(term)])
    joined = np.concatenate(columns, axis=1)
    n_draws = len(next(iter(roots.values()))) if roots else 0
    root, start = np.zeros((n_draws, joined.shape[1], joined.shape[1])), 0
    for block in blocks:
        stop = start + block.shape[1]
        root[:, start:stop, start:stop] = block
        start = stop
    return joined, root
