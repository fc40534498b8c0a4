"""The expected response along the lines of a picture: a mean over each level's own rows, in every draw."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bayesmix.arrays import Floats, Positions
from bayesmix.estimates.estimability import estimable_rows
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.matrices import new_rows
from bayesmix.inference.shared.draws import fixed, group_effects, joined, n_draws_of
from bayesmix.inference.shared.expectation import expected_response
from bayesmix.inference.shared.summarise import VALUES_AT_ONCE, Summary, summarise_in_parts
from bayesmix.inference.tables.level_coefficients import terms_around
from bayesmix.modelling.blocks import stretches
from bayesmix.modelling.kinds import family_of
from bayesmix.modelling.record import Fit
from bayesmix.numerics.links import LINKS
from bayesmix.report.pictures.line_grid import Axis
from bayesmix.report.pictures.line_rows import Rows
from bayesmix.report.pictures.plot_arguments import AnyFit


def is_linear(fit: AnyFit) -> bool:
    """Whether the expected response is linear, so that its mean over rows is the expectation at the rows' mean."""
    return family_of(fit).is_additive


def values_of_a_row(fits: list[AnyFit]) -> int:
    """The number of values that are computed for a row, which grows with the draws where the expectation is curved."""
    return max(1 if is_linear(fit) or not isinstance(fit, Fit) else n_draws_of(fit) // 10 for fit in fits)


def height_of_others(fit: AnyFit, axis: Axis) -> Floats:
    """The contribution of the other predictors to the fixed part of each row (n_obs,), with the axis at one place."""
    data = fit.design.data
    if axis.name in data:
        middle = np.full(len(data), axis.grid[len(axis.grid) // 2])
        data = data.assign(**{axis.name: axis.values_at(middle).to_numpy()})
    beta = joined(fixed(fit)).mean(axis=-1) if isinstance(fit, Fit) else fit.beta
    return new_rows(fit.design, data).fixed @ beta


def expected_lines(fit: AnyFit, rows: Rows, group: str | None, prob: float) -> Summary:
    """The expected response of `fit` in the cells of `rows`; every field has shape (n_levels, n_points).

    Effects of the `group` count, and those of groups in which its levels are nested (the batch of a cask); all other
    effects are 0. Without a group all effects are 0. Estimates have nan for an interval.
    """
    if not isinstance(fit, Fit):
        mean = _at_estimates(fit, rows, group).reshape(rows.shape)
        return Summary(mean, mean, *(np.full(rows.shape, np.nan) for _ in range(3)))

    def effects(term: GroupTerm, levels: Positions) -> Floats:
        return group_effects(fit, _fitted_term(fit, term), levels)

    draws = _draws_of_cells(fit, rows, group, effects)
    summary = summarise_in_parts(draws, shape=(len(rows.starts),), n_draws=n_draws_of(fit), prob=prob)
    fields = ("mean", "median", "sd", "lower", "upper")
    return Summary(**{name: getattr(summary, name).reshape(rows.shape) for name in fields})


def lines_at_mean(fit: AnyFit, rows: Rows, group: str) -> Floats:
    """The lines with every parameter at its posterior mean, (n_levels, n_points); this is cheap for many levels."""
    if not isinstance(fit, Fit):
        return _at_estimates(fit, rows, group).reshape(rows.shape)
    posterior = fit.posterior.children["posterior"].to_dataset()
    mean = posterior.mean(("chain", "draw")).expand_dims(chain=1, draw=1)
    tree = type(fit.posterior).from_dict({"posterior": mean})

    def effects(term: GroupTerm, levels: Positions) -> Floats:
        return _mean_effects(fit, _fitted_term(fit, term), levels)

    draws = _draws_of_cells(replace(fit, posterior=tree), rows, group, effects)
    return draws(slice(0, len(rows.starts)))[:, 0].reshape(rows.shape)


def _draws_of_cells(
    fit: Fit, rows: Rows, group: str | None, effects: Callable[[GroupTerm, Positions], Floats]
) -> Callable[[slice], Floats]:
    """Draws of the means of cells, (n_cells, n_draws), as a function of the cells."""
    at_rows = _at(fit, rows, group)
    expected = expected_response(at_rows, groups="fitted", effects=effects)
    if is_linear(fit):
        return expected
    ends = np.append(rows.starts, len(rows.weight))
    most = max(1, VALUES_AT_ONCE // n_draws_of(fit))

    def draws_of(cells: slice) -> Floats:
        first, last = ends[cells.start], ends[cells.stop]
        cell = np.repeat(np.arange(cells.stop - cells.start), np.diff(ends[cells.start : cells.stop + 1]))
        total = np.zeros((cells.stop - cells.start, n_draws_of(fit)))
        for part in stretches(last - first, most):
            inside = slice(first + part.start, first + part.stop)
            present, begins = np.unique(cell[part], return_index=True)
            total[present] += np.add.reduceat(rows.weight[inside, None] * expected(inside), begins, axis=0)
        return total

    return draws_of


def _fitted_term(fit: Fit, term: GroupTerm) -> GroupTerm:
    """The term of `fit` for a `term` at other rows: effects that are drawn again depend on the rows of the fit."""
    name = (term.parameter, term.label)
    return next(fitted for fitted in fit.design.all_random if (fitted.parameter, fitted.label) == name)


def _mean_effects(fit: Fit, term: GroupTerm, levels: Positions) -> Floats:
    """Posterior means of effects, shape (len(levels), k, 1)."""
    parts = stretches(len(levels), 2 * VALUES_AT_ONCE // (n_draws_of(fit) * term.k))
    return np.concatenate([group_effects(fit, term, levels[part]).mean(axis=-1, keepdims=True) for part in parts])


def _at(fit: Fit, rows: Rows, group: str | None) -> Fit:
    """`fit` with its matrices replaced by those of `rows`, or where it is linear by those of their means."""
    design, averaged = fit.design, is_linear(fit)
    at_rows = _predictor_at(design, rows, group, averaged)
    parts = {name: _predictor_at(part, rows, group, averaged) for name, part in design.parts.items()}
    # Apart from its predictors a row is like any other: one trial, weight 1.
    response = replace(design.response, values=np.zeros(at_rows.n_obs), trials=None)
    return replace(fit, design=replace(at_rows, parts=parts, response=response, weights=None))


def _predictor_at(design: Design, rows: Rows, group: str | None, averaged: bool) -> Design:
    new = new_rows(design, rows.data)
    has_group = any(term.group == group for term in design.random)
    around = [] if not has_group or group is None else terms_around(design, group)
    kept = tuple(
        replace(
            term,
            label=old.label,
            names=old.names,
            terms=old.terms,
            parameter=old.parameter,
            index=term.index[rows.starts] if averaged else term.index,
            columns=rows.mean(term.columns) if averaged else term.columns,
        )
        for term, old in zip(new.random, design.random, strict=True)
        if any(old is other for other in around)
    )
    matrix, offset = (rows.mean(new.fixed), rows.mean(new.offset)) if averaged else (new.fixed, new.offset)
    response = replace(design.response, values=np.zeros(len(offset)), trials=None)
    return replace(design, fixed=replace(design.fixed, matrix=matrix), random=kept, offset=offset, response=response)


def _at_estimates(fit: RemlFit | LaplaceFit | LmFit, rows: Rows, group: str | None) -> Floats:
    """Means of cells (n_cells,) at the estimates and conditional modes; nan where a row of them is not estimable."""
    at_rows = _predictor_at(fit.design, rows, group, averaged=False)
    predictor = at_rows.fixed.matrix @ fit.beta + at_rows.offset
    if not isinstance(fit, LmFit):
        modes = {term.label: effects for term, effects in zip(fit.design.random, fit.effects, strict=True)}
        for term in at_rows.random:
            predictor += np.sum(term.columns * modes[term.label][term.index], axis=1)
    if fit.design.fixed.reduced:
        known = estimable_rows(fit.design, new_rows(fit.design, rows.data).every_column)
        predictor = np.where(known, predictor, np.nan)
    return rows.mean(LINKS[family_of(fit).link].inverse(predictor))
