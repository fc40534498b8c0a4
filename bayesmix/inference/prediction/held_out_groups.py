"""How probable the rows of a group are if its effects are not known: log likelihoods by level, in each draw."""

from collections.abc import Callable, Mapping

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.errors import UnknownTermError, shown
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.inference.shared.arguments import column_levels, near_matches
from bayesmix.inference.shared.draws import group_effects
from bayesmix.inference.shared.expectation import linear_predictor, other_parameters
from bayesmix.inference.shared.row_model import covariances, log_density_at, symmetric_root
from bayesmix.modelling.record import Fit
from bayesmix.numerics.group_integral import log_gaussian_group_likelihood, log_joint_group_likelihood

MEAN = "mu"
"""The predictor of the mean, beside those of further parameters."""


def levels_of(fit: Fit, by: str) -> tuple[Positions, tuple[object, ...]]:
    """The level of each row in `by`, a grouping factor or a column of the data, (n_obs,), and the levels' names."""
    for term in fit.design.all_random:
        if isinstance(by, str) and term.group == by:
            return term.index, term.levels
    if not isinstance(by, str) or by not in fit.data.columns:
        known = [*dict.fromkeys(term.group for term in fit.design.all_random), *fit.data.columns]
        hint = near_matches(by, known)
        raise UnknownTermError(f"by={shown(by)} is no grouping factor of the model and no column of the data.{hint}")
    return column_levels(fit.data, by, argument="by")


def group_log_likelihoods(fit: Fit, index: Positions, draws: Positions) -> Callable[[Positions], Floats]:
    """A function of rows of one level that gives their log density (n_draws,), the level's own effects integrated out.

    Its own effects are those that occur in no other level's rows: of the group itself, and of factors nested in it.
    Without those rows the data would say nothing about them. `index` (n_obs,) is the level of each row.
    """
    homes = {id(term): _homes(term, index) for term in fit.design.all_random}
    designs = {MEAN: fit.design, **fit.design.parts}

    def without_own(term: GroupTerm, levels: Positions) -> Floats:
        effects = group_effects(fit, term, levels)[..., draws].copy()
        effects[homes[id(term)][levels] >= 0] = 0.0
        return effects

    predictors = {
        name: linear_predictor(fit, design, terms=design.random, effects=without_own, draws=draws)
        for name, design in designs.items()
    }
    roots = {id(term): symmetric_root(covariances(fit, term)[draws]) for term in fit.design.all_random}
    density = log_density_at(fit, draws=draws)
    others = other_parameters(fit, draws=draws)
    closed = fit.family.is_gaussian_identity and fit.design.response.censoring is None

    def log_likelihood(rows: Positions) -> Floats:
        if len(rows) == 0:
            return np.zeros(len(draws))
        columns, root = _own_effects(designs, rows, homes, roots)
        eta = {name: predictor(rows) for name, predictor in predictors.items()}
        if closed and list(columns) == [MEAN]:
            of_rows = others(rows)
            scale = np.broadcast_to(of_rows["sigma"] / np.sqrt(of_rows["weights"]), eta[MEAN].shape)
            residual = fit.design.response.values[rows, None] - eta[MEAN]
            return log_gaussian_group_likelihood(residual, scale, columns[MEAN], root)

        def at(varied: Floats) -> Floats:
            given = eta | dict(zip(columns, varied, strict=True))
            return density(rows, given[MEAN], {name: given[name] for name in fit.design.parts})

        if not columns:
            return at(np.empty((0,))).sum(axis=0)
        within = np.stack([eta[name] for name in columns])
        return log_joint_group_likelihood(at, within, np.stack(list(columns.values())), root)

    return log_likelihood


def rows_by_level(index: Positions, n_levels: int) -> list[Positions]:
    """Positions of the rows of each level."""
    order = np.argsort(index, kind="stable")
    return np.split(order, np.searchsorted(index[order], np.arange(1, n_levels)))


def _homes(term: GroupTerm, index: Positions) -> Positions:
    """For each level of a term the one level of the group that has all its rows, or -1."""
    lowest = np.full(term.n_levels, np.iinfo(np.intp).max)
    highest = np.full(term.n_levels, -1)
    np.minimum.at(lowest, term.index, index)
    np.maximum.at(highest, term.index, index)
    return np.where(lowest == highest, highest, -1)


def _own_effects(
    designs: Mapping[str, Design], rows: Positions, homes: dict[int, Positions], roots: dict[int, Floats]
) -> tuple[dict[str, Floats], Floats]:
    """Columns (n_rows, r) of the rows' own effects in each predictor that has such, and the root (n_draws, r, r) of
    the covariance of all of them."""
    found: list[tuple[str, Floats, Floats]] = []
    for name, design in designs.items():
        for term in design.random:
            for level in np.unique(term.index[rows]):
                if homes[id(term)][level] >= 0:
                    found.append((name, term.columns[rows] * (term.index[rows] == level)[:, None], roots[id(term)]))
    r = sum(columns.shape[1] for _, columns, _ in found)
    by_predictor = {name: np.zeros((len(rows), r)) for name, _, _ in found}
    n_draws = len(next(iter(roots.values()))) if roots else 0
    root, start = np.zeros((n_draws, r, r)), 0
    for name, columns, block in found:
        own = slice(start, start + columns.shape[1])
        by_predictor[name][:, own], root[:, own, own] = columns, block
        start = own.stop
    return by_predictor, root
